"""Where a person came from, so that they return there."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme


def way_back(request: HttpRequest) -> str:
    """Return the path of ours that the person came from, or ""."""
    if "back" in request.GET:
        return safe_path(request.GET["back"])
    came_from = request.META.get("HTTP_REFERER", "")
    if not url_has_allowed_host_and_scheme(came_from, {request.get_host()}):
        return ""
    parts = urlsplit(came_from)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    # The composer is no place to return to from itself.
    is_composer = parts.path == reverse("write") or path == request.get_full_path()
    return "" if is_composer else safe_path(path)


def safe_path(path: str) -> str:
    """Return a path of this site as it is, and "" for anything that could lead elsewhere."""
    is_ours = path.startswith("/") and url_has_allowed_host_and_scheme(path, None)
    return path if is_ours else ""
