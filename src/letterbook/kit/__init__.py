"""Small things every folder may use: refusals, secrets, cursors, ids, child processes, stopping.

Imports nothing of Letterbook, nor Django.
"""

from __future__ import annotations
