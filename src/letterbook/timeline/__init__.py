"""Activities: the lines of a contact's history. Recording is their only writer; reading pages through them."""

from __future__ import annotations
