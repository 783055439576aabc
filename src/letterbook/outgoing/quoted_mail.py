"""What an answer or a forward quotes of an email, and which of its pictures and files go along."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.timezone import get_current_timezone

from letterbook.correspondence.models import Message, MessageSource
from letterbook.correspondence.sources import read_source_for
from letterbook.mime.html import clean_composed_html, text_to_html
from letterbook.mime.html_limits import MAX_HTML
from letterbook.mime.marked_html import quoted_forward, quoted_reply
from letterbook.mime.parsing import read_html, read_text
from letterbook.outgoing.attaching import new_content_id
from letterbook.teams.models import Membership

# An answer brings the pictures along that it quotes, unless they are as large as files.
_MOST_PICTURES = 10 * 1024 * 1024
# Room for what is written above it.
_MOST_QUOTED = MAX_HTML - 500_000


@dataclass(frozen=True, slots=True)
class QuotedMail:
    """A quotation as HTML; `content_ids` are the attachments that go along, by number, a picture's id in the text."""

    html: str
    raw: bytes
    content_ids: dict[int, str]

    @property
    def pictures(self) -> tuple[str, ...]:
        """The content ids that the quotation shows."""
        return tuple(one for one in self.content_ids.values() if one)


def quote_for_reply(member: Membership, message: Message) -> QuotedMail:
    """Return an email as its answer quotes it: its text below a line that says who wrote it and when."""
    pictures = sum(int(one["size"]) for one in _with_ids(message.attachments))
    content, raw, content_ids = _read(member, message, with_pictures=pictures <= _MOST_PICTURES)
    who = _person(message.from_name, message.from_address)
    when = _written_time(member, message.occurred_at)
    html = quoted_reply(content, introduction=f"On {when}, {who} wrote:")
    return QuotedMail(html, raw, content_ids)


def quote_for_forward(member: Membership, message: Message) -> QuotedMail:
    """Return an email as it is passed on: who, when and to whom, all of its text, all of its files; never its Bcc."""
    content, raw, content_ids = _read(member, message, with_pictures=True)
    rows = [
        ("From", _person(message.from_name, message.from_address)),
        ("Date", _written_time(member, message.occurred_at)),
        ("Subject", message.subject),
        ("To", _people(message, "to")),
        ("Cc", _people(message, "cc")),
    ]
    html = quoted_forward(content, headers=tuple(row for row in rows if row[1]))
    beside = [one for one in message.attachments if raw and not one.get("is_inline")]
    files = {int(one["number"]): "" for one in beside}
    return QuotedMail(html, raw, files | content_ids)


def _read(
    member: Membership, message: Message, *, with_pictures: bool
) -> tuple[str, bytes, dict[int, str]]:
    try:
        raw = read_source_for(member, message)
    except MessageSource.DoesNotExist:
        # Its bytes are gone, its text is kept.
        return text_to_html(message.text), b"", {}
    source = read_html(raw)
    if source is None:
        return text_to_html(read_text(raw)[:_MOST_QUOTED]), raw, {}
    beside = _with_ids(message.attachments) if with_pictures else []
    by_id = {str(one["content_id"]): new_content_id() for one in beside}
    content = clean_composed_html(source[:_MOST_QUOTED], pictures=by_id)
    shown = {
        int(one["number"]): by_id[one["content_id"]]
        for one in beside
        if f'"cid:{by_id[one["content_id"]]}"' in content
    }
    return content, raw, _each_once(shown)


def _with_ids(attachments: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:  # a JSON column
    return [one for one in attachments if one.get("content_id")]


def _each_once(shown: dict[int, str]) -> dict[int, str]:
    """Two parts may claim one content id: the first is the picture."""
    first: dict[str, int] = {}
    for number, content_id in shown.items():
        first.setdefault(content_id, number)
    return {number: content_id for content_id, number in first.items()}


def _people(message: Message, role: str) -> str:
    return ", ".join(
        _person(str(one["name"]), str(one["address"]))
        for one in message.participants
        if one["role"] == role
    )


def _person(name: str, address: str) -> str:
    return f"{name} <{address}>" if name and address else name or address


def _written_time(member: Membership, moment: datetime) -> str:
    local = moment.astimezone(_zone_of(member))
    return f"{local.day} {local:%B %Y} at {local:%H:%M}"


def _zone_of(
    member: Membership,
) -> Any:  # a tzinfo; Django's stubs call the current one less than that
    try:
        return ZoneInfo(member.user.time_zone) if member.user.time_zone else get_current_timezone()
    except (ZoneInfoNotFoundError, ValueError):
        return get_current_timezone()
