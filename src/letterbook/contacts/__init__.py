"""People the team writes with, their addresses, and matching an address to a contact. May import `teams`, `mime`."""

from __future__ import annotations
