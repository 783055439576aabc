"""Finding emails and people: the search language, one permission-safe query, marked excerpts. Only reads.

May import `timeline`, `correspondence`, `contacts` and what lies below them.
"""

from __future__ import annotations
