"""Settings, URLs, ASGI, the embedded PostgreSQL and its pytest plugin: the only place that knows every app."""

from __future__ import annotations
