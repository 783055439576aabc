"""The part of Gmail's search language that a mail client needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from letterbook.providers.fake_gmail.mailbox import FakeMailbox, StoredMessage

Matches = Callable[[StoredMessage], bool]

_TOKEN = re.compile(r'[{}()]|-(?=\S)|(?:[a-z_0-9]+:)?"[^"]*"|[^\s{}()"]+:(?=[{(])|[^\s{}()]+', re.I)
_PERIODS = {"d": 1, "m": 30, "y": 365}


@dataclass(frozen=True, slots=True)
class Question:
    """A search ready to be asked of any message of one mailbox."""

    matches: Matches
    is_everywhere: bool  # spam and trash too


def read_query(query: str, *, mailbox: FakeMailbox, at: datetime) -> Question:
    """Return the question that `query` asks; an empty one matches everything."""
    matches = _Reader(_TOKEN.findall(query), mailbox, at).read_all()
    is_everywhere = bool(re.search(r"\bin:(?:anywhere|spam|trash)\b", query, re.I))
    return Question(matches, is_everywhere)


class _Reader:
    """Reads tokens from left to right: neighbours all match, `{}` and OR are any."""

    def __init__(self, tokens: list[str], mailbox: FakeMailbox, at: datetime) -> None:
        self._tokens = tokens
        self._mailbox = mailbox
        self._at = at

    def read_all(self, end: str = "", key: str = "") -> Matches:
        return _all_of([_any_of(group) for group in self._groups(end, key)])

    def _groups(self, end: str, key: str) -> list[list[Matches]]:
        groups: list[list[Matches]] = []
        joins = False
        while self._tokens and (token := self._tokens.pop(0)) != end:
            if token == "OR":  # noqa: S105 - a word of the search language
                joins = True
                continue
            matches = self._read_clause(token, key)
            if joins and groups:
                groups[-1].append(matches)
            else:
                groups.append([matches])
            joins = False
        return groups

    def _read_clause(self, token: str, key: str) -> Matches:
        if token == "-" and self._tokens:  # noqa: S105 - a sign of the search language
            unwanted = self._read_clause(self._tokens.pop(0), key)
            return lambda message: not unwanted(message)
        if token == "{":  # noqa: S105
            return _any_of([_any_of(group) for group in self._groups("}", key)])
        if token == "(":  # noqa: S105
            return self.read_all(")", key)
        if token.endswith(":") and self._tokens and self._tokens[0] in "{(":
            return self._read_clause(self._tokens.pop(0), token[:-1].lower())
        name, colon, value = token.partition(":")
        if colon and not key and name.lower() in _TERMS:
            return _TERMS[name.lower()](value.strip('"'), self._mailbox, self._at)
        if key in _TERMS:
            return _TERMS[key](token.strip('"'), self._mailbox, self._at)
        return _free_text(token.strip('"'))


def _all_of(parts: Iterable[Matches]) -> Matches:
    every = list(parts)
    return lambda message: all(part(message) for part in every)


def _any_of(parts: Iterable[Matches]) -> Matches:
    some = list(parts)
    if len(some) == 1:
        return some[0]
    return lambda message: any(part(message) for part in some)


Term = Callable[[str, FakeMailbox, datetime], Matches]


def _header(name: str) -> Term:
    def term(value: str, _mailbox: FakeMailbox, _at: datetime) -> Matches:
        # Whole words only: from:bob@x.com must not find notbob@x.com.
        pattern = re.compile(rf"(?<![\w.+-]){re.escape(value.casefold())}(?![\w-]|\.\w)")
        return lambda message: bool(pattern.search(message.content.search_words.get(name, "")))

    return term


def _message_id(value: str, _mailbox: FakeMailbox, _at: datetime) -> Matches:
    bare = value.strip("<>").casefold()
    return lambda message: message.content.search_words.get("message-id", "").strip("<> ") == bare


def _after(value: str, _mailbox: FakeMailbox, _at: datetime) -> Matches:
    start = _moment_ms(value)
    return lambda message: message.internal_ms >= start


def _before(value: str, _mailbox: FakeMailbox, _at: datetime) -> Matches:
    end = _moment_ms(value)
    return lambda message: message.internal_ms < end


def _moment_ms(value: str) -> int:
    if value.isdigit():
        return int(value) * 1000
    try:
        year, month, day = (int(part) for part in re.split(r"[/-]", value))
        return int(datetime(year, month, day, tzinfo=UTC).timestamp() * 1000)
    except ValueError:
        return 0


def _newer_than(value: str, _mailbox: FakeMailbox, at: datetime) -> Matches:
    start = _ago_ms(value, at)
    return lambda message: message.internal_ms >= start


def _older_than(value: str, _mailbox: FakeMailbox, at: datetime) -> Matches:
    end = _ago_ms(value, at)
    return lambda message: message.internal_ms < end


def _ago_ms(value: str, at: datetime) -> int:
    found = re.fullmatch(r"(\d+)([dmy])", value)
    days = int(found[1]) * _PERIODS[found[2]] if found else 0
    return int((at - timedelta(days=days)).timestamp() * 1000)


def _in(value: str, _mailbox: FakeMailbox, _at: datetime) -> Matches:
    label = {"drafts": "DRAFT", "anywhere": ""}.get(value.lower(), value.upper())
    return lambda message: not label or label in message.labels


def _label(value: str, mailbox: FakeMailbox, _at: datetime) -> Matches:
    wanted = value.casefold()
    ids = {one for one, name in mailbox.user_labels.items() if name.casefold() == wanted}
    ids.add(value.upper())
    return lambda message: bool(ids & message.labels)


def _has(value: str, _mailbox: FakeMailbox, _at: datetime) -> Matches:
    if value.lower() != "attachment":
        return lambda _: False
    return lambda message: b"content-disposition: attachment" in message.content.raw.lower()


def _free_text(value: str) -> Matches:
    wanted = value.casefold()
    return lambda message: (
        any(wanted in text for text in message.content.search_words.values())
        or wanted.encode() in message.content.raw.lower()
    )


_TERMS: dict[str, Term] = {
    "from": _header("from"),
    "to": _header("to"),
    "cc": _header("cc"),
    "bcc": _header("bcc"),
    "subject": _header("subject"),
    "rfc822msgid": _message_id,
    "after": _after,
    "before": _before,
    "newer_than": _newer_than,
    "older_than": _older_than,
    "in": _in,
    "is": _in,
    "label": _label,
    "has": _has,
}
