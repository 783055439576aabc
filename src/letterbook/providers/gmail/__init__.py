"""A small client for Gmail's REST API and Google's OAuth: one request per call, never repeated by itself.

May import `providers.mail`, `providers.errors` and `kit`.
"""

from __future__ import annotations
