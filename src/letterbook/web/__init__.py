"""The pages: templates and htmx; each view calls one function and translates."""

from __future__ import annotations
