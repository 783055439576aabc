"""The history of a company: that of all its people in one, each email once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Q

from letterbook.contacts.models import Company, Contact
from letterbook.correspondence.access import Reach, reach_of
from letterbook.correspondence.models import access_level, bcc_seen
from letterbook.correspondence.showing import NOT_SHOWN
from letterbook.kit.cursors import Position, read_cursor, write_cursor
from letterbook.kit.refusals import NotFound
from letterbook.mailboxes.models import Sharing
from letterbook.teams.models import Membership
from letterbook.timeline.models import Activity, is_written_for
from letterbook.timeline.reading import MAX_LIMIT, TimelineLine, show_lines
from letterbook.timeline.seeing_many import is_known_to_be_on_it

# How many lines are looked at together: enough that a page is nearly always full after the first time.
_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class CompanyLine:
    """A line, and the one of the company's people in whose history it stands."""

    line: TimelineLine
    contact: Contact


@dataclass(frozen=True, slots=True)
class CompanyHistory:
    """Some lines, newest first; `next_cursor` is empty on the last page."""

    lines: tuple[CompanyLine, ...]
    next_cursor: str = ""


def read_company_history(
    member: Membership, company: Company, *, cursor: str = "", limit: int = 50
) -> CompanyHistory:
    """Return one page of what its people and the team wrote, newest first, as far as this member may see it.

    An email that several of them got stands there once. Raises `Invalid` for a foreign cursor.
    """
    if company.team_id != member.team_id:
        raise NotFound("There is no such company.")
    limit = max(1, min(limit, MAX_LIMIT))
    after, reach = read_cursor(cursor), reach_of(member)
    shown: list[Activity] = []
    for line in _lines_after(company, after, reach=reach, at_once=_AT_ONCE * limit):
        if len(shown) == limit:
            last = Position(shown[-1].occurred_at, shown[-1].pk)
            return CompanyHistory(
                _with_contacts(shown, member, reach), next_cursor=write_cursor(last)
            )
        shown.append(line)
    return CompanyHistory(_with_contacts(shown, member, reach))


def _with_contacts(
    shown: list[Activity], member: Membership, reach: Reach
) -> tuple[CompanyLine, ...]:
    lines = show_lines(shown, member, reach=reach)
    return tuple(
        CompanyLine(line, activity.contact) for line, activity in zip(lines, shown, strict=True)
    )


def _lines_after(
    company: Company, after: Position | None, *, reach: Reach, at_once: int
) -> Iterator[Activity]:
    told = _told_at(company, after, reach=reach) if after else set()
    while True:
        places = _newest(company, after, at_once)
        for line in _seen([pk for _, pk in places], company, reach):
            if line.message_id is None or line.message_id not in told:
                yield line
            if line.message_id is not None:
                told.add(line.message_id)
        if len(places) < at_once:
            return
        after = Position(*places[-1])


def _told_at(company: Company, place: Position, *, reach: Reach) -> set[UUID]:
    """Which emails of the last moment of the page before stood on it: others got them at the same moment."""
    lines = Activity.objects.filter(
        team_id=company.team_id,
        contact__employer=company,
        occurred_at=place.at,
        pk__gte=place.id,
        message__isnull=False,
    )
    ids = list(lines.values_list("pk", flat=True))
    return {line.message_id for line in _seen(ids, company, reach) if line.message_id}


def _seen(ids: list[UUID], company: Company, reach: Reach) -> list[Activity]:
    lines = (
        Activity.objects.filter(pk__in=ids, team_id=company.team_id)
        .annotate(
            viewer_access=access_level(reach, message_ref="message_id"),
            viewer_bcc=bcc_seen(reach, message_ref="message_id"),
        )
        .filter(
            is_written_for(reach)
            | Q(is_known_to_be_on_it(reach), viewer_access__gte=Sharing.METADATA)
        )
        .select_related("message", "contact")
        .defer(*(f"message__{name}" for name in NOT_SHOWN))
    )
    return list(lines.order_by("-occurred_at", "-id"))


def _newest(company: Company, after: Position | None, number: int) -> list[tuple[datetime, UUID]]:
    """The next lines of all its people: of each as many as could be wanted, by the index, then the newest of those."""
    beyond = (
        "AND line.occurred_at <= %s AND (line.occurred_at, line.id) < (%s, %s)" if after else ""
    )
    places: list[datetime | UUID] = [after.at, after.at, after.id] if after else []
    with connection.cursor() as rows:
        rows.execute(
            _NEWEST.format(beyond=beyond),
            [company.team_id, *places, number, company.pk, company.team_id, number],
        )
        found: list[tuple[datetime, UUID]] = rows.fetchall()
    return found


# The two placeholders that are no parameters are written by us alone.
_NEWEST = """
    SELECT newest.occurred_at, newest.id
    FROM contacts_contact person
    CROSS JOIN LATERAL (
        SELECT line.occurred_at, line.id FROM timeline_activity line
        WHERE line.team_id = %s AND line.contact_id = person.id {beyond}
        ORDER BY line.occurred_at DESC, line.id DESC LIMIT %s
    ) newest
    WHERE person.employer_id = %s AND person.team_id = %s
    ORDER BY newest.occurred_at DESC, newest.id DESC LIMIT %s
"""
