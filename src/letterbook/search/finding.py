"""Finding emails and people: newest first, in one query that also decides what the viewer may find."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models import Q
from psycopg.errors import QueryCanceled

from letterbook.contacts.models import Contact
from letterbook.contacts.reading import list_contacts
from letterbook.correspondence.models import Message
from letterbook.correspondence.showing import SeenMessage, show_message
from letterbook.kit.cursors import Position, read_cursor, write_cursor
from letterbook.kit.refusals import NotNow
from letterbook.search.language import Question, read_question
from letterbook.search.marking import Segment, mark, mark_excerpt
from letterbook.search.planning import newest_matches
from letterbook.teams.models import Membership

MAX_LIMIT = 50
MOST_PEOPLE = 5
_PATIENCE = "4s"


@dataclass(frozen=True, slots=True)
class Hit:
    """An email that was found; the marked pieces hold no more than the viewer may see."""

    email: SeenMessage
    subject: tuple[Segment, ...]
    excerpt: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class PersonFound:
    """A contact whose name was asked for."""

    contact: Contact
    name: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Results:
    """A page of emails, newest first, and on the first page the contacts of that name."""

    hits: tuple[Hit, ...]
    people: tuple[PersonFound, ...]
    next_cursor: str


def search(member: Membership, text: str, *, cursor: str = "", limit: int = 20) -> Results:
    """Return what this member may find; raise `Invalid` for bad syntax, `NotNow` when it takes too long."""
    question = read_question(text)
    after = read_cursor(cursor)
    limit = max(1, min(limit, MAX_LIMIT))
    with _limited_patience():
        ids = newest_matches(
            member, question, period=_period(member, question), after=after, count=limit + 1
        )
        people = () if after else _people(member, question)
        hits = _hits(member, question, ids[:limit])
    return Results(
        hits=hits,
        people=people,
        next_cursor=_next_cursor(hits) if len(ids) > limit else "",
    )


@contextmanager
def _limited_patience() -> Iterator[None]:
    """Give a question a few seconds of the database, so that one person's hard question is nobody else's wait."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = '{_PATIENCE}'")
            yield
            cursor.execute("SET LOCAL statement_timeout TO DEFAULT")
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
        raise NotNow(
            "This search takes too long.",
            way_out="Add a word that is rarer, or a filter such as from: or after:.",
            field="q",
        ) from error


def _period(member: Membership, question: Question) -> Q:
    period = Q(direction=question.direction) if question.direction else Q()
    if question.after:
        period &= Q(occurred_at__gte=_midnight(question.after, member))
    if question.before:
        period &= Q(occurred_at__lt=_midnight(question.before, member))
    return period


def _midnight(day: date, member: Membership) -> datetime:
    try:
        zone = ZoneInfo(member.user.time_zone or settings.TIME_ZONE)
    except (ZoneInfoNotFoundError, ValueError):
        zone = ZoneInfo("UTC")
    return datetime.combine(day, time.min, tzinfo=zone)


def _hits(member: Membership, question: Question, ids: Sequence[UUID]) -> tuple[Hit, ...]:
    rows = Message.objects.visible_to(member).defer("search").in_bulk(list(ids))
    return tuple(_hit(rows[found], question) for found in ids if found in rows)


def _hit(message: Message, question: Question) -> Hit:
    seen = show_message(message)
    # Where no words were asked for, what its sender wrote says more than what it quotes.
    text = message.text if seen.may_read_content and question.anywhere else ""
    return Hit(
        email=seen,
        subject=mark(seen.subject, (*question.anywhere, *question.subject)),
        excerpt=mark_excerpt(text or seen.snippet, question.anywhere),
    )


def _next_cursor(hits: Sequence[Hit]) -> str:
    return write_cursor(Position(hits[-1].email.occurred_at, hits[-1].email.id)) if hits else ""


def _people(member: Membership, question: Question) -> tuple[PersonFound, ...]:
    """Contacts belong to the whole team, so a name may be found whoever's mail it is in."""
    words = [word for term in question.anywhere for word in term.words]
    if not words:
        return ()
    found = list_contacts(member, query=" ".join(words), limit=MOST_PEOPLE).contacts
    return tuple(PersonFound(one, mark(str(one), question.anywhere)) for one in found)
