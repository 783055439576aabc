"""Checking an address that we are about to send to, with a message that says the way out."""

from __future__ import annotations

import re

import idna

from letterbook.mime.characters import has_controls

MAX_ADDRESS = 254
MAX_LOCAL_PART = 64
MAX_NAME = 200

_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE)
# Printable characters only: a line break in quotes is RFC 5321's, and nobody's.
_QUOTED_LOCAL_PART = re.compile(r"\"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\[\x20-\x7e])+)\"")
# A bracket inside quotes opens nothing.
_NAMED = re.compile(r"((?:\"(?:[^\"\\]|\\.)*+\"|[^\"<>])*+)<((?:\"(?:[^\"\\]|\\.)*+\"|[^\"<>])*+)>")
_ESCAPED = re.compile(r"\\(.)")


class BadAddress(ValueError):
    """An address that nothing can be sent to; the message names the fault and the way out."""


def take_apart(text: str) -> tuple[str, str]:
    """Return (name, address) of `Name <a@b>` or `a@b`, or raise BadAddress."""
    text = text.strip(" \t")
    if has_controls(text):
        raise BadAddress("An address cannot hold line breaks or control characters; type it again.")
    if not text:
        raise BadAddress("There is no address here; type one such as name@example.com.")
    name, email = "", text
    if named := _NAMED.fullmatch(text):
        name, email = named[1], named[2]
    elif text.endswith(">"):
        name, _, email = text[:-1].rpartition("<")
    return _checked_name(name.strip()), _checked_email(email.strip())


def _checked_name(name: str) -> str:
    is_quoted = len(name) > 1 and name[0] == name[-1] == '"'
    if is_quoted:
        name = _ESCAPED.sub(r"\1", name[1:-1])
    if len(name) > MAX_NAME:
        raise BadAddress(f"The name is longer than {MAX_NAME} characters; shorten it.")
    if not is_quoted and ("<" in name or ">" in name):
        raise BadAddress(
            f"“{_short(name)}” holds < or >; write it in quotes, and one address as Name <name@example.com>."
        )
    return " ".join(name.split())


def _checked_email(email: str) -> str:
    if len(email) > MAX_ADDRESS:
        raise BadAddress(f"“{_short(email)}” is longer than {MAX_ADDRESS} characters; check it.")
    local, at, domain = email.rpartition("@")
    if not at:
        raise BadAddress(f"“{_short(email)}” has no @; write it as name@example.com.")
    local = _without_needless_quotes(local)
    _check_local_part(local, email)
    _check_domain(domain, email)
    return f"{local}@{domain}"


def _without_needless_quotes(local: str) -> str:
    """Return `"anna.lind"` as `anna.lind`: they are one address."""
    quoted = _QUOTED_LOCAL_PART.fullmatch(local)
    inside = _ESCAPED.sub(r"\1", quoted[1]) if quoted else ""
    if _LOCAL_PART.fullmatch(inside):
        return inside
    return '"' + re.sub(r'(["\\])', r"\\\1", inside) + '"' if quoted else local


def _check_local_part(local: str, email: str) -> None:
    if _QUOTED_LOCAL_PART.fullmatch(local) and len(local) <= MAX_LOCAL_PART:
        return
    if not local:
        raise BadAddress(
            f"“{_short(email)}” has nothing before the @; write it as name@example.com."
        )
    if not local.isascii():
        raise BadAddress(
            f"“{_short(email)}” has letters before the @ that Gmail can't deliver to without SMTPUTF8;"
            " ask for an address in plain letters."
        )
    if "@" in local:
        raise BadAddress(f"“{_short(email)}” has more than one @; separate addresses with a comma.")
    if len(local) > MAX_LOCAL_PART:
        raise BadAddress(f"The part before @ is longer than {MAX_LOCAL_PART} characters; check it.")
    if not _LOCAL_PART.fullmatch(local):
        raise BadAddress(
            f"“{_short(email)}” has a space, quote or sign before the @ that addresses do not have;"
            " check the spelling."
        )


def _check_domain(domain: str, email: str) -> None:
    if domain.startswith("["):
        raise BadAddress(
            f"“{_short(email)}” names a computer by number; use a name such as example.com."
        )
    if domain.endswith("."):
        raise BadAddress(f"“{_short(email)}” ends with a dot; leave the dot out.")
    if "." not in domain:
        raise BadAddress("The part after @ needs a dot, as in example.com.")
    labels = _ascii_domain(domain, email).split(".")
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise BadAddress(
            f"“{_short(domain)}” is not a domain; check the part after @, as in example.com."
        )
    if labels[-1].isdigit():
        raise BadAddress(
            f"“{_short(email)}” names a computer by number; use a name such as example.com."
        )


def _ascii_domain(domain: str, email: str) -> str:
    if domain.isascii():
        return domain
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        raise BadAddress(
            f"“{_short(email)}” has a domain that cannot exist; check the part after @."
        ) from None


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "…"
