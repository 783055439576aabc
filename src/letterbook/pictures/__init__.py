"""Remote pictures of emails, fetched by us when somebody asks for them. May import `teams`, `mime`."""

from __future__ import annotations
