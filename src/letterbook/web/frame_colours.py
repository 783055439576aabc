"""Whether an email chose its own looks, or is a letter in black on white that a dark page may show in light on dark."""

from __future__ import annotations

import re

_CHOSEN = re.compile(
    r"""<img\b|<[^>]*\s(?:bgcolor|color)=|<[^>]*\sstyle="[^"]*(?:background|(?<![-\w])color\s*:)""",
    re.I,
)
_COLOUR = re.compile(
    r"""(?P<start>[";]\s*)(?P<what>color|background(?:-color)?)\s*:\s*(?P<value>[^;"]+?)\s*(?=[;"])""",
    re.I,
)
_HEX = re.compile(r"#([0-9a-f]{3}|[0-9a-f]{6})", re.I)
_RGB = re.compile(r"rgb\(\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*\)", re.I)
_INK, _PAPER = 0x40, 0xF0
_INK_WORDS = {"black", "windowtext", "inherit", "initial"}
_PAPER_WORDS = {"white", "transparent", "none", "window", "inherit", "initial"}


def in_black_on_white(html: str) -> str | None:
    """Return the cleaned HTML of an email without its black and its white, or None where it has looks of its own.

    Mail programs write black text and a white ground into every other letter; nobody chose them.
    """
    plain = _COLOUR.sub(_without_black_and_white, html)
    return None if _CHOSEN.search(plain) else plain


def _without_black_and_white(found: re.Match[str]) -> str:
    value = found["value"].lower()
    if found["what"].lower() == "color":
        is_usual = value in _INK_WORDS or all(0 <= one <= _INK for one in _channels(value))
    else:
        is_usual = value in _PAPER_WORDS or all(one >= _PAPER for one in _channels(value))
    return found["start"] if is_usual else found[0]


def _channels(value: str) -> tuple[int, ...]:
    """Return red, green and blue; (-1,) for what is no colour known here."""
    if rgb := _RGB.fullmatch(value):
        return tuple(int(one) for one in rgb.groups())
    if found := _HEX.fullmatch(value):
        digits = found[1] if len(found[1]) == 6 else "".join(one * 2 for one in found[1])
        return tuple(bytes.fromhex(digits))
    return (-1,)
