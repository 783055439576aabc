"""How fast Letterbook is, measured: `python -m bench`. Each measurement has a process and a PostgreSQL of its own."""

from __future__ import annotations
