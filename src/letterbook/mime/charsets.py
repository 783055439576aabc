"""From bytes to text by the charset a sender claims, and by what senders really mean by it."""

from __future__ import annotations

import codecs
import re
from functools import lru_cache

from letterbook.mime.characters import storable

# What is written on the label, and the superset that the writers of such labels really use.
_REALLY = {
    "ascii": "utf-8",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "iso2022_jp": "iso2022_jp_ext",
}
_UNKNOWN_TO_PYTHON = {
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "iso-8859-8-i": "iso8859-8",
    "iso-8859-6-i": "iso8859-6",
    "x-sjis": "cp932",
    "x-gbk": "gb18030",
    "x-euc-jp": "euc_jp",
    "x-mac-roman": "mac_roman",
    "macintosh": "mac_roman",
    "cp-850": "cp850",
    "windows-874": "cp874",
    "windows-31j": "cp932",
    "big5-hkscs": "big5hkscs",
    "utf8mb4": "utf-8",
    "unicode": "utf-16",
}
# UTF-7 turns harmless letters into "<script>" (A25); the others are not character sets of text.
_NEVER = frozenset(
    {"utf-7", "idna", "punycode", "unicode_escape", "raw_unicode_escape", "mbcs", "oem"}
)
_META_CHARSET = re.compile(
    rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{2,40})", re.I
)


def decode_text(content: bytes, charset: str) -> str:
    """Return the content as storable text; wrong bytes become U+FFFD, an unknown charset is guessed."""
    codec = codec_for(charset)
    if codec is None:
        return storable(_guess(content))
    if codec == "utf-8":
        return storable(_utf8(content, is_certain=charset.lower().startswith("utf")))
    return storable(content.decode(codec, "replace"))


def decode_html(content: bytes, charset: str) -> str:
    """Return HTML as text, asking its own <meta> where the headers name no charset."""
    if not charset:
        found = _META_CHARSET.search(content, 0, 2048)
        charset = found[1].decode("ascii") if found else ""
        if charset.lower().startswith(("utf-16", "utf16")):
            charset = "utf-8"  # A <meta> that could be read as ASCII was not UTF-16.
    return decode_text(content, charset)


@lru_cache(maxsize=512)
def codec_for(charset: str) -> str | None:
    """Return the Python codec that reads what this label stands for, or None."""
    label = charset.strip().strip("\"'").lower()
    label = _UNKNOWN_TO_PYTHON.get(label, label)
    if not label or len(label) > 40:
        return None
    try:
        found = codecs.lookup(label)
        "".encode(found.name)  # Refuses what turns bytes into bytes, such as base64 or zip.
    except (LookupError, ValueError, TypeError, UnicodeError):
        return None
    return None if found.name in _NEVER else _REALLY.get(found.name, found.name)


def _utf8(content: bytes, *, is_certain: bool) -> str:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        # "us-ascii" with eight-bit letters is mostly Windows; UTF-8 with a torn letter is still UTF-8.
        return content.decode("utf-8" if is_certain else "cp1252", "replace")
    return text[1:] if text.startswith("\ufeff") else text


def _guess(content: bytes) -> str:
    return _utf8(content, is_certain=False)
