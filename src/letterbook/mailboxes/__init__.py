"""Connected accounts, how widely each is shared, opening one. May import `teams`, `providers`, `mime`."""

from __future__ import annotations
