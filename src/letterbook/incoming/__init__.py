"""Email that comes in: tasks → retrieval and importing → storing. A stranger to `outgoing`."""

from __future__ import annotations
