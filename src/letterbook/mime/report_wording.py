"""Delivery reports in a mail server's own words: whom they are about, and what is said of each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from letterbook.mime.addresses import address_key

MAX_WORDS = 4_000
_MOST_LINES = 2_000
_MOST_RECIPIENTS = 200
_EMAIL = (
    r"[A-Za-z0-9!#$%&*+/=?^_`{|}~-][A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{0,120}"
    r"@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,180}[A-Za-z0-9])?"
)
_ADDRESS = re.compile(_EMAIL)
_MACHINE = re.compile(
    r"(?:mailer-daemon|postmaster|noreply|no-reply|abuse|support|helpdesk)@", re.I
)
# A line that names one address and says nothing else, or names it first.
_ALONE = re.compile(
    rf"[\s>*\-\u2022]*(?:(?:recipient|address|user|an|à)\b:?\s+){{0,2}}[<\"'(\[]*"
    rf"(?:mailto:|smtp:|rfc822;)?({_EMAIL})[>\"')\]]*"
    r"(?:\s*\((?:expanded from|generated from)[^)]*\)|\s+on\s.{0,60})?\s*[:;,.]?"
    r"(?:\s*[(\[].{0,80}[)\]])?\s*$",
    re.IGNORECASE,
)
_FIRST = re.compile(
    rf"\s*(?:\d{{3}} )?(?:<({_EMAIL})>|({_EMAIL}))(?:\s*\(expanded from[^)]*\))?\s*(?::|\.\.\.)\s"
)
# A line of a transcript is whole.
_ANSWER = re.compile(r"\s*[245]\d\d <")
_WRITTEN_TO = re.compile(
    rf"\((?:expanded from|generated from)\s*:?\s*<?({_EMAIL})>?", re.IGNORECASE
)
_TOLD = re.compile(
    rf"(?:RCPT TO:\s*<?|unknown user:?\s*<?|user unknown:?\s*<?|delivered to:?\s*<?|"
    rf"recipients?:?\s*<?|\buser\b[^@\n]{{0,60}}\()({_EMAIL})",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Mention:
    """A recipient named in a report, by all addresses it is called, and the words about it."""

    addresses: tuple[str, ...]
    words: str


def find_mentions(
    text: str, *, not_about: AbstractSet[str], likely: Sequence[str]
) -> list[Mention]:
    """Return the recipients that a text reports on; `likely` are those of the email that came back.

    `not_about` are the keys of addresses that cannot be meant, as the sender's.
    """
    lines = text.splitlines()[:_MOST_LINES]
    others = not_about - set(likely)
    starts = (
        _named_first(lines, others)
        or _told_of(lines, others)
        or _chosen(_named_anywhere(lines, others), likely)
        # Some people write to themselves.
        or _named_first(lines, frozenset())
    )
    return _with_words(lines, starts) if starts else []


def _chosen(found: list[tuple[int, str]], likely: Sequence[str]) -> list[tuple[int, str]]:
    """Of addresses that stand somewhere in the text only those that the email went to, or the only one there is."""
    known = [one for one in found if address_key(one[1]) in likely]
    return known or (found if len({address_key(one[1]) for one in found}) == 1 else [])


def _named_first(lines: Sequence[str], not_about: AbstractSet[str]) -> list[tuple[int, str]]:
    found = [
        (number, match[1] or (match[2] if match.re is _FIRST else ""))
        for number, line in enumerate(lines)
        if len(line) < 1000 and (match := _ALONE.match(line) or _FIRST.match(line + " "))
    ]
    return _usable(found, not_about)


def _told_of(lines: Sequence[str], not_about: AbstractSet[str]) -> list[tuple[int, str]]:
    found = [
        (number, match[1])
        for number, line in enumerate(lines)
        for match in _TOLD.finditer(line[:1000])
    ]
    return _usable(found, not_about)


def _named_anywhere(lines: Sequence[str], not_about: AbstractSet[str]) -> list[tuple[int, str]]:
    found = [
        (number, match[0])
        for number, line in enumerate(lines)
        for match in _ADDRESS.finditer(line[:1000])
    ]
    return _usable(found, not_about)


def _usable(found: Sequence[tuple[int, str]], not_about: AbstractSet[str]) -> list[tuple[int, str]]:
    return [
        (number, address)
        for number, address in found[:_MOST_RECIPIENTS]
        if address_key(address) not in not_about and not _MACHINE.match(address)
    ]


def _with_words(lines: Sequence[str], starts: Sequence[tuple[int, str]]) -> list[Mention]:
    """Each recipient with what stands from its line to the next one's, or to the end of the paragraph after it."""
    keys = dict.fromkeys(address_key(address) for _, address in starts)
    words: dict[str, list[str]] = {key: [] for key in keys}
    named: dict[str, list[str]] = {key: [] for key in keys}
    ends = [number for number, _ in starts[1:]] + [len(lines)]
    for (number, address), end in zip(starts, ends, strict=True):
        key = address_key(address)
        words[key] += _paragraph(lines[number : max(end, number + 1)])
        named[key] += [address, *_WRITTEN_TO.findall(lines[number])]
    return [
        Mention(tuple(dict.fromkeys(named[key])), "\n".join(words[key])[:MAX_WORDS]) for key in keys
    ]


def _paragraph(lines: Sequence[str]) -> list[str]:
    """The line that names the recipient and what follows it, up to the first blank line after some words."""
    if _ANSWER.match(lines[0]):
        return [lines[0]]
    said = 0
    for number, line in enumerate(lines[1:], start=1):
        said += bool(line.strip())
        if said and not line.strip():
            return list(lines[:number])
    return list(lines)
