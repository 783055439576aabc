"""HTML of email made safe: to be shown in a sandboxed frame, and to be sent."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import nh3

from letterbook.mime.html_allowed import (
    ATTRIBUTES,
    COMPOSED_CLASSES,
    DROPPED_WITH_CONTENT,
    TAGS,
)
from letterbook.mime.html_limits import bounded_html
from letterbook.mime.html_text import html_to_text
from letterbook.mime.links import text_to_html, visible_direction
from letterbook.mime.styles import safe_style

__all__ = ["SafeHtml", "clean_composed_html", "html_to_text", "safe_html", "text_to_html"]

_LINK_SCHEME = re.compile(r"(?:https?://[^\s/]|mailto:)", re.IGNORECASE)
_REMOTE = re.compile(r"(?:https?:)?//[^\s/\\]", re.IGNORECASE)
_PICTURE = re.compile(r"data:image/(?:png|gif|jpeg|webp);base64,[A-Za-z0-9+/=\s]+\Z", re.IGNORECASE)
_BROWSERS_IGNORE = re.compile(r"[\t\n\r]")
_LINK = re.compile(r'<a href="([^"]*)"[^>]*>(.*?)</a>', re.DOTALL)
_ANY_TAG = re.compile(r"<[^>]*>")
_SHOWN_HOST = re.compile(
    r"(?:https?://)?((?:[\w-]+\.)+[a-z]{2,})(?::\d+)?(?:[/?#].*)?\Z", re.IGNORECASE | re.DOTALL
)
_NOTICE = "<p><em>This email is too large or too deeply nested to be shown whole; the rest is left out.</em></p>"

ImageSource = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class SafeHtml:
    """HTML that may be shown, and how many remote images were left out of it or kept."""

    html: str
    remote_image_count: int


def safe_html(
    html: str, *, inline_image_url: ImageSource, remote_image_url: ImageSource | None = None
) -> SafeHtml:
    """Return incoming HTML made safe for a sandboxed frame; links that lie about their target say so.

    `remote_image_url` says from where a remote image is loaded instead; without it none is.
    """
    remote: list[str] = []

    def image_source(source: str) -> str | None:
        if source[:4].lower() == "cid:":
            return inline_image_url(source[4:].strip().strip("<>"))
        if _REMOTE.match(source):
            remote.append(source)
            secure = f"https:{source}" if source.startswith("//") else source
            return remote_image_url(secure) if remote_image_url else None
        return source if _PICTURE.match(source) else None

    cleaned, is_cut = _cleaned(visible_direction(html), image_source)
    return SafeHtml(
        _LINK.sub(_with_real_target, cleaned) + (_NOTICE if is_cut else ""), len(remote)
    )


def clean_composed_html(html: str, *, pictures: Mapping[str, str] | None = None) -> str:
    """Return HTML written in the composer, a signature or a quotation, fit to be sent.

    Pictures stay only where they travel inside the HTML (`data:`) or beside it: nothing that we send calls home.
    `pictures` are the content ids that the email has pictures for, each with the one to write in its place.
    """
    beside = pictures or {}

    def image_source(source: str) -> str | None:
        if source[:4].lower() == "cid:":
            known = beside.get(unquote(source[4:]).strip().strip("<>"))
            return f"cid:{known}" if known else None
        return source if _PICTURE.match(source) else None

    return _cleaned(html, image_source, classes=COMPOSED_CLASSES)[0]


def _cleaned(
    html: str, image_source: ImageSource, *, classes: dict[str, set[str]] | None = None
) -> tuple[str, bool]:
    bounded, is_cut = bounded_html(html)
    cleaned = nh3.clean(
        bounded,
        tags=TAGS,
        clean_content_tags=DROPPED_WITH_CONTENT,
        attributes=ATTRIBUTES,
        attribute_filter=_attribute_filter(image_source),
        allowed_classes=classes,
        url_schemes={"http", "https", "mailto", "cid", "data"},
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )
    return cleaned, is_cut


def _attribute_filter(image_source: ImageSource) -> Callable[[str, str, str], str | None]:
    def keep(tag: str, attribute: str, value: str) -> str | None:
        if attribute == "style":
            return safe_style(value)
        if attribute == "src":
            return image_source(_BROWSERS_IGNORE.sub("", value).strip()) if tag == "img" else None
        if attribute == "href":
            link = _BROWSERS_IGNORE.sub("", value).strip()
            return link if _LINK_SCHEME.match(link) else None
        return value

    return keep


def _with_real_target(found: re.Match[str]) -> str:
    """Say where a link leads when its text names another place (A22)."""
    shown = _SHOWN_HOST.match(_ANY_TAG.sub("", found[2]).strip())
    if shown is None:
        return found[0]
    try:
        real = (urlsplit(found[1]).hostname or "").removeprefix("www.")
    except ValueError:
        return found[0]
    named = shown[1].lower().removeprefix("www.")
    if not real or real == named or real.endswith(f".{named}") or named.endswith(f".{real}"):
        return found[0]
    return f"{found[0]} <strong>[leads to {text_to_html(real, link=False)}]</strong>"
