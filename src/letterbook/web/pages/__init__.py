"""One module a page: read what the request says, call one function, render."""

from __future__ import annotations
