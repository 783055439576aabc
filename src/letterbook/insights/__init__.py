"""Patterns over the whole history, computed from what the viewer may see. Only reads.

May import `timeline`, `correspondence`, `contacts` and what lies below them.
"""

from __future__ import annotations
