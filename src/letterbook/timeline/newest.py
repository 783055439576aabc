"""The newest emails of a contact: what is told beside their history is told of these, in one question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from letterbook.contacts.models import Contact
from letterbook.correspondence.access import Reach, reach_of
from letterbook.correspondence.answering import (
    TURNS_AND_ANSWERS,
    BothWays,
    answers_measured,
    read_answers,
)
from letterbook.correspondence.copy_conditions import is_seen
from letterbook.mailboxes.models import Sharing
from letterbook.mailboxes.of_team import mailboxes_of_team
from letterbook.teams.asked_once import asked_once
from letterbook.teams.models import Membership
from letterbook.timeline.seeing_many import emails_of_one

# So that no question takes longer the longer the history is.
MOST = 300

_NEWEST = """
    SELECT line.message_id, line.direction, line.occurred_at,
           message.thread_id, message.has_attachments, message.is_automatic
    {emails} ORDER BY line.occurred_at DESC, line.id DESC LIMIT %s
"""
_TOLD = """
    WITH newest AS MATERIALIZED ({newest}),
    held AS (
        SELECT DISTINCT newest.message_id, direction, occurred_at, box.owner_id
        FROM newest JOIN correspondence_mailboxmessage copy ON copy.message_id = newest.message_id AND {is_seen}
        JOIN unnest(%s::uuid[], %s::uuid[]) AS box (id, owner_id) ON box.id = copy.mailbox_id
    ),
    owners AS (
        SELECT owner_id, count(*) AS emails, count(*) FILTER (WHERE direction = 'in') AS emails_in,
               min(occurred_at) AS first_at, max(occurred_at) AS last_at
        FROM held GROUP BY owner_id
    ),
    by_thread AS (SELECT thread_id, max(occurred_at) AS last_at FROM newest GROUP BY thread_id),
    asking AS (SELECT *, message_id AS id FROM newest WHERE NOT is_automatic),
    {turns_and_answers},
    measured AS ({measured})
    SELECT count(*), min(occurred_at), max(occurred_at) FILTER (WHERE direction = 'in'),
           max(occurred_at) FILTER (WHERE direction = 'out'),
           array_agg(message_id) FILTER (WHERE has_attachments),
           (SELECT json_object_agg(thread_id, extract(epoch FROM last_at)) FROM by_thread),
           (SELECT json_agg(json_build_array(owner_id, emails_in, emails - emails_in, first_at, last_at)) FROM owners),
           (SELECT json_agg(json_build_array(direction, answers, median, counts)) FROM measured)
    FROM newest
"""
_OLDEST = "SELECT line.occurred_at {emails} ORDER BY line.occurred_at, line.id LIMIT 1"


@dataclass(frozen=True, slots=True)
class HeldBy:
    """How many of the emails are in somebody's mailboxes, as far as the viewer may look into those."""

    owner_id: UUID
    emails_in: int
    emails_out: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class NewestEmails:
    """What is told of the newest `MOST` emails of a contact that a member may know of; times are None for none.

    `threads` are their conversations, each with the time of its last email; `with_files` the messages that have some.
    """

    number: int
    first_at: datetime | None
    last_in: datetime | None
    last_out: datetime | None
    with_files: tuple[UUID, ...]
    threads: Mapping[str, float]
    held_by: tuple[HeldBy, ...]
    answers: BothWays


@asked_once
def newest_emails(member: Membership, contact: Contact) -> NewestEmails:
    """Return what is told of a contact's newest emails."""
    statement, values = _question(member, contact, reach_of(member))
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        number, first_at, last_in, last_out, with_files, threads, held_by, answers = (
            cursor.fetchone()
        )
    return NewestEmails(
        number=number,
        first_at=first_at,
        last_in=last_in,
        last_out=last_out,
        with_files=tuple(with_files or ()),
        threads=threads or {},
        held_by=tuple(map(_held_by, held_by or ())),
        answers=read_answers(answers or ()),
    )


def first_of_all(member: Membership, contact: Contact) -> datetime | None:
    """Return when a contact's oldest email was sent; None where there is none."""
    emails, values = emails_of_one(member, contact, reach=reach_of(member))
    asked: list[Any] = [*values]  # of any type
    with connection.cursor() as cursor:
        cursor.execute(_OLDEST.format(emails=emails), asked)
        found: tuple[datetime] | None = cursor.fetchone()
    return found[0] if found else None


def _question(member: Membership, contact: Contact, reach: Reach) -> tuple[str, list[Any]]:
    """Return the statement and its values, which are of any type."""
    emails, values = emails_of_one(member, contact, reach=reach)
    newest = _NEWEST.format(emails=emails)
    seen = is_seen(reach, level=Sharing.METADATA)
    boxes = mailboxes_of_team(member)
    measured, bounds = answers_measured()
    turns_and_answers = TURNS_AND_ANSWERS.format(emails="asking", more="")
    statement = _TOLD.format(
        newest=newest,
        is_seen=seen.of("copy"),
        turns_and_answers=turns_and_answers,
        measured=measured,
    )
    owners = [[box.pk for box in boxes], [box.owner_id for box in boxes]]
    return statement, [*values, MOST, *seen.values, *owners, *bounds]


def _held_by(told: tuple[str, int, int, str, str]) -> HeldBy:
    owner_id, emails_in, emails_out, first_at, last_at = told
    first, last = datetime.fromisoformat(first_at), datetime.fromisoformat(last_at)
    return HeldBy(UUID(owner_id), emails_in, emails_out, first, last)
