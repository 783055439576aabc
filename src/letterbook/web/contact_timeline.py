"""A contact's timeline as its page shows it: what stands on top, what has not gone yet, and the history by day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.http import QueryDict
from django.utils.timezone import localdate

from letterbook.contacts.models import Contact
from letterbook.correspondence.later_facts import later_facts_of
from letterbook.kit.cursors import Position, read_cursor, write_cursor
from letterbook.teams.models import Membership
from letterbook.timeline.changes import changes_of
from letterbook.timeline.reading import (
    MAX_LIMIT,
    Page,
    TimelineLine,
    cursor_before,
    read_pinned,
    read_timeline,
)
from letterbook.web.entries import Entry, by_day
from letterbook.web.folding import fold
from letterbook.web.outgoing_rows import show_pending, show_row
from letterbook.web.timeline_filters import Asked, choices_for, end_of_day, read_asked, type_tabs
from letterbook.web.timeline_lines import menu_of, show_line
from letterbook.web.unsent import unsent_lines
from letterbook.web.who_is_who import WhoIsWho

LINES = 30


def timeline_context(
    member: Membership, contact: Contact, query: QueryDict, who: WhoIsWho, *, at: datetime
) -> dict[str, Any]:
    """Return what the templates of a timeline need, for what an address asks for."""
    asked = read_asked(query)
    cursor, is_newer = _place(query)
    page = _page(member, contact, asked, query, cursor=cursor, is_newer=is_newer)
    # Newer than all there is: the newest page itself, which is kept up to date.
    if is_newer and not page.newer_cursor:
        cursor = ""
        page = _page(member, contact, asked, query)
    seen = query.get("seen", "") or _newest(page, at=at)
    entries = _entries(page.lines, member, contact, who, seen=read_cursor(seen), at=at)
    days = by_day(fold(list(zip(page.lines, entries, strict=True))))
    return {
        "contact": contact,
        "asked": asked,
        "choices": choices_for(member, asked),
        "tabs": type_tabs(asked),
        "cursor": cursor,
        "going_to": query.get("on", ""),
        "days": days,
        "pinned": [] if cursor or asked.is_narrowed else _pinned(member, contact, who, at=at),
        "pending": [] if cursor else _pending(member, contact, who, asked, at=at),
        "next_cursor": page.next_cursor,
        "newer_cursor": page.newer_cursor,
        "down_to": _end(page),
        "seen": seen,
        "new_lines": sum(one.is_new for one in entries),
        "last_day": days[-1].date if days else "",
        "shown_day": query.get("day", ""),
    }


def _place(query: QueryDict) -> tuple[str, bool]:
    """Where in the history the address leads: into a page, or to a day."""
    day = end_of_day(query.get("on", ""))
    if day is not None:
        return cursor_before(day), False
    cursor = query.get("cursor", "")
    return cursor, bool(cursor and query.get("newer"))


def _page(
    member: Membership,
    contact: Contact,
    asked: Asked,
    query: QueryDict,
    *,
    cursor: str = "",
    is_newer: bool = False,
) -> Page:
    """Return the page asked for; a refreshed first page ends where it did before, so that no line falls between."""
    end = read_cursor(query.get("down_to", ""))
    page = read_timeline(
        member,
        contact,
        wanted=asked.wanted,
        cursor=cursor,
        is_newer=is_newer,
        limit=MAX_LIMIT if end else LINES,
    )
    return page.down_to(end) if end else page


def _newest(page: Page, *, at: datetime) -> str:
    if not page.lines:
        return cursor_before(at)
    return write_cursor(Position(page.lines[0].occurred_at, page.lines[0].id))


def _end(page: Page) -> str:
    if not page.lines:
        return ""
    return write_cursor(Position(page.lines[-1].occurred_at, page.lines[-1].id))


def _entries(
    lines: Iterable[TimelineLine],
    member: Membership,
    contact: Contact,
    who: WhoIsWho,
    *,
    seen: Position | None,
    at: datetime,
) -> list[Entry]:
    lines = list(lines)
    facts = later_facts_of([one.email.id for one in lines if one.email], member=member)
    written = [one.id for one in lines if one.email is None]
    changes = changes_of(member, written) if written else {}
    today = localdate(at)
    return [
        replace(
            show_line(
                line,
                who,
                contact_id=contact.pk,
                facts=facts.get(line.email.id, ()) if line.email else (),
                changes=changes.get(line.id, ()),
                today=today,
            ),
            menu=menu_of(line, member, contact_id=contact.pk),
            is_new=seen is not None and (line.occurred_at, line.id) > (seen.at, seen.id),
        )
        for line in lines
    ]


def _pinned(member: Membership, contact: Contact, who: WhoIsWho, *, at: datetime) -> list[Entry]:
    lines = read_pinned(member, contact)
    if not lines:
        return []
    entries = _entries(lines, member, contact, who, seen=None, at=at)
    return [replace(one, id=f"pinned-{one.id}") for one in entries]


def _pending(
    member: Membership, contact: Contact, who: WhoIsWho, asked: Asked, *, at: datetime
) -> list[Entry]:
    """What has not gone yet, as far as it is what is asked for."""
    if asked.show not in {"", "email"} or asked.direction == "in" or asked.files:
        return []
    unsent = unsent_lines(member, contact, asked.wanted)
    return [show_pending(show_row(one, member=member, who=who, at=at)) for one in unsent]
