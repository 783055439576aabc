"""The inline styles that an email may keep: looks, never requests and never places on the screen."""

from __future__ import annotations

import re

MAX_STYLE = 5_000
_PROPERTIES = re.compile(
    r"color|background-color|background|font(?:-(?:family|size|style|variant|weight))?|line-height"
    r"|letter-spacing|word-spacing|text-(?:align|decoration|indent|transform)|vertical-align|white-space"
    r"|word-(?:break|wrap)|overflow-wrap|direction|display|list-style(?:-type)?|table-layout|caption-side"
    r"|(?:max-|min-)?(?:width|height)|(?:margin|padding)(?:-(?:top|right|bottom|left))?"
    r"|border(?:-(?:top|right|bottom|left))?(?:-(?:color|style|width))?|border-(?:collapse|spacing|radius)"
)
# No backslash, so no escapes; a bracket only after a colour function, so no url(), var() or image-set().
_VALUE = re.compile(r"(?:(?:rgb|hsl)a?\([\d\s.,%/]*\)|[\w\s#%.,'\"/+-])+", re.IGNORECASE)
_IMPORTANT = re.compile(r"!\s*important", re.IGNORECASE)


def safe_style(style: str) -> str | None:
    """Return the allowed declarations of a style attribute, or None where there are none."""
    kept: list[str] = []
    for declaration in style[:MAX_STYLE].split(";"):
        name, colon, value = declaration.partition(":")
        name, value = name.strip().lower(), _IMPORTANT.sub("", value).strip()
        if colon and _PROPERTIES.fullmatch(name) and _VALUE.fullmatch(value) and "//" not in value:
            kept.append(f"{name}: {value}")
    return "; ".join(kept) or None
