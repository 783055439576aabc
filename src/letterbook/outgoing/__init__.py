"""Email we write and send: drafts → queueing → tasks → delivery. A stranger to `incoming`."""

from __future__ import annotations
