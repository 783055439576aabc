"""Stored emails, threads, each mailbox's ledger of messages, and who may see what.

May import `contacts`, `mailboxes`, `mime` and what lies below them.
"""

from __future__ import annotations
