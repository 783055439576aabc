"""The REST interface, one file per resource: each endpoint translates, calls one function, translates back.

May import everything below it; `web` and `api` do not know each other.
"""

from __future__ import annotations
