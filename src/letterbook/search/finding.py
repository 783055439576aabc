"""Finding emails, notes and people: newest first, by queries that also decide what the viewer may find."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
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
from letterbook.search.written import newest_written, read_written
from letterbook.teams.models import Membership
from letterbook.timeline.models import Activity

MAX_LIMIT = 50
MOST_PEOPLE = 5
_PATIENCE = "4s"


@dataclass(frozen=True, slots=True)
class Hit:
    """An email that was found; the marked pieces hold no more than the viewer may see."""

    email: SeenMessage
    subject: tuple[Segment, ...]
    excerpt: tuple[Segment, ...]

    @property
    def place(self) -> Position:
        """Where it stands in the order of time."""
        return Position(self.email.occurred_at, self.email.id)


@dataclass(frozen=True, slots=True)
class WrittenFound:
    """A note, call, meeting or task that was found."""

    activity: Activity
    excerpt: tuple[Segment, ...]

    @property
    def place(self) -> Position:
        """Where it stands in the order of time."""
        return Position(self.activity.occurred_at, self.activity.pk)


@dataclass(frozen=True, slots=True)
class PersonFound:
    """A contact whose name was asked for."""

    contact: Contact
    name: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Results:
    """A page of emails and of what people wrote, newest first, and on the first page the contacts of that name."""

    in_order: tuple[Hit | WrittenFound, ...]
    people: tuple[PersonFound, ...]
    next_cursor: str

    @property
    def hits(self) -> tuple[Hit, ...]:
        """The emails on the page."""
        return tuple(one for one in self.in_order if isinstance(one, Hit))

    @property
    def written(self) -> tuple[WrittenFound, ...]:
        """The notes, calls, meetings and tasks on it."""
        return tuple(one for one in self.in_order if isinstance(one, WrittenFound))


@dataclass(frozen=True, slots=True)
class _Found:
    """What is still there of the places that a question found; `down_to` is the last of them where it stopped early.

    The two are asked for one after the other, so what is erased meanwhile is a place without a row.
    """

    rows: Sequence[Hit | WrittenFound] = ()
    down_to: Position | None = None


def search(member: Membership, text: str, *, cursor: str = "", limit: int = 20) -> Results:
    """Return what this member may find; raise `Invalid` for bad syntax, `NotNow` when it takes too long."""
    question = read_question(text)
    after = read_cursor(cursor)
    limit = max(1, min(limit, MAX_LIMIT))
    with _limited_patience():
        emails = _emails(member, question, after=after, count=limit + 1)
        written = _written(member, question, after=after, count=limit + 1)
        people = () if after else _people(member, question)
    page, goes_on = _in_order(emails, written, limit=limit)
    return Results(
        in_order=page,
        people=people,
        next_cursor=write_cursor(page[-1].place) if page and goes_on else "",
    )


def _in_order(*found: _Found, limit: int) -> tuple[tuple[Hit | WrittenFound, ...], bool]:
    """Return the newest of all that was found, and whether there is more.

    Below the place where one of the questions stopped, what it did not look at would be skipped.
    """
    stopped_at = max((one.down_to for one in found if one.down_to), default=None)
    rows = [
        row for one in found for row in one.rows if stopped_at is None or row.place >= stopped_at
    ]
    rows.sort(key=lambda row: row.place, reverse=True)
    return tuple(rows[:limit]), stopped_at is not None or len(rows) > limit


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


def _emails(
    member: Membership, question: Question, *, after: Position | None, count: int
) -> _Found:
    if question.is_in_notes:
        return _Found()
    period = _period(member, question)
    if question.direction:
        period &= Q(direction=question.direction)
    places = newest_matches(member, question, period=period, after=after, count=count)
    ids = [place.id for place in places]
    rows = Message.objects.visible_to(member).defer("search").in_bulk(ids)
    hits = [_hit(message, question) for message in rows.values()]
    return _Found(hits, _stopped_at(places, count))


def _written(
    member: Membership, question: Question, *, after: Position | None, count: int
) -> _Found:
    if question.is_about_email:
        return _Found()
    period = _period(member, question)
    places = newest_written(member, question, period=period, after=after, count=count)
    rows = [
        WrittenFound(one, mark_excerpt(one.text, question.anywhere))
        for one in read_written(member, places)
    ]
    return _Found(rows, _stopped_at(places, count))


def _stopped_at(places: Sequence[Position], count: int) -> Position | None:
    return places[-1] if len(places) == count else None


def _period(member: Membership, question: Question) -> Q:
    period = Q()
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


def _hit(message: Message, question: Question) -> Hit:
    seen = show_message(message)
    # Where no words were asked for, what its sender wrote says more than what it quotes.
    text = message.text if seen.may_read_content and question.anywhere else ""
    return Hit(
        email=seen,
        subject=mark(seen.subject, (*question.anywhere, *question.subject)),
        excerpt=mark_excerpt(text or seen.snippet, question.anywhere),
    )


def _people(member: Membership, question: Question) -> tuple[PersonFound, ...]:
    """Contacts belong to the whole team, so a name may be found whoever's mail it is in."""
    words = [word for term in question.anywhere for word in term.words]
    if not words:
        return ()
    found = list_contacts(member, query=" ".join(words), limit=MOST_PEOPLE).contacts
    return tuple(PersonFound(one, mark(str(one), question.anywhere)) for one in found)
