"""Domains that are easily taken for another: a letter swapped, doubled or left out, or one that looks the same."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

import idna

# Letters of other scripts that look like a Latin one; accents are taken off before.
_CYRILLIC = (
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455"
    "\u04bb\u0501\u051b\u051d\u0432\u043a\u043c\u043d\u0442\u0433"
)
_GREEK = "\u03b1\u03bf\u03c1\u03bd\u03b9\u03ba\u03c4\u03c5\u03c7\u03b5\u03b7\u03c9"
_OTHERS = "\u0131\u0261\u0251\u1d0f\u0578\u057d\u0585\u0142\u00f8"
_LATIN = str.maketrans(
    _CYRILLIC + _GREEK + _OTHERS, "aeopcyxijshdqwbkmhtr" + "aopvlktuxenw" + "lgaonuolo"
)
_SAME_LOOK = str.maketrans("015i", "olsl")
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"), ("nn", "m"))
SHORTEST = 6
# Mail services that are one letter apart although both are what they say.
_SERVICES = (
    "gmail.com mail.com ymail.com email.com googlemail.com hotmail.com outlook.com yahoo.com icloud.com"
    " gmx.de gmx.at gmx.ch gmx.net live.com proton.me mail.de mail.ru email.de web.de aol.com"
)
_WELL_KNOWN = frozenset(_SERVICES.split())


def look_alike(domain: str, known: Iterable[str]) -> str:
    """Return the known domain that another may be taken for, or "" where it is known itself or like none."""
    others = {*known, *_WELL_KNOWN}
    name = shown_domain(domain)
    if domain in others or len(name) < SHORTEST:
        return ""
    look = _skeleton(name)
    for other in sorted(others):
        shown = shown_domain(other)
        is_alike = _skeleton(shown) == look or is_one_edit_away(name, shown)
        if is_alike and shown != name and len(shown) >= SHORTEST:
            return other
    return ""


def shown_domain(domain: str) -> str:
    """Return a domain as people see it, in its own letters."""
    if "xn--" not in domain:
        return domain
    try:
        return idna.decode(domain)
    except (idna.IDNAError, UnicodeError):
        return domain


def is_one_edit_away(one: str, other: str) -> bool:
    """Return whether one letter added, left out, changed or swapped with its neighbour makes one of the other."""
    if len(one) > len(other):
        one, other = other, one
    if one == other or len(other) - len(one) > 1:
        return False
    start = next((n for n, letter in enumerate(one) if letter != other[n]), len(one))
    if len(one) < len(other):
        return one[start:] == other[start + 1 :]
    is_changed = one[start + 1 :] == other[start + 1 :]
    is_swapped = (
        one[start : start + 2] == other[start : start + 2][::-1]
        and one[start + 2 :] == other[start + 2 :]
    )
    return is_changed or is_swapped


def _skeleton(domain: str) -> str:
    decomposed = unicodedata.normalize("NFKD", domain.casefold())
    letters = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    letters = letters.translate(_LATIN).translate(_SAME_LOOK)
    for pair, single in _PAIRS:
        letters = letters.replace(pair, single)
    return letters
