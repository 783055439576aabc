"""The filters above the outbox and the failure desk: what was asked for in the address, and what can be chosen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from django.http import QueryDict
from django.utils.timezone import localtime

from letterbook.contacts.reading import look_up
from letterbook.mailboxes.models import Kind, Mailbox
from letterbook.outgoing.desk import FailureFilter
from letterbook.outgoing.reading import EmailFilter
from letterbook.outgoing.status import ErrorClass, Status
from letterbook.teams.models import Membership
from letterbook.web.choices import Choice

PERIODS = {"": "Any time", "today": "Today", "7": "Last 7 days", "30": "Last 30 days"}
CAUSES = {
    "": "Any cause",
    ErrorClass.UNCONFIRMED: "Unconfirmed",
    ErrorClass.REJECTED: "Refused for good",
    ErrorClass.NEEDS_RECONNECTING: "Mailbox needed reconnecting",
    ErrorClass.NO_ANSWER: "Could not be handed over",
    ErrorClass.NOT_PERMITTED: "Author may not send",
    ErrorClass.SETUP_WRONG: "Set up wrongly",
}
_MOST_PEOPLE = 50


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for, as it was typed; what makes no sense narrows nothing."""

    mailbox: str = ""
    author: str = ""
    to: str = ""
    period: str = ""
    cause: str = ""

    @property
    def is_narrowed(self) -> bool:
        """Whether anything is asked for at all."""
        return any((self.mailbox, self.author, self.to, self.period, self.cause))

    @property
    def query(self) -> str:
        """The same as the end of an address, beginning with an ampersand where there is any."""
        asked = {
            "mailbox": self.mailbox,
            "author": self.author,
            "to": self.to,
            "period": self.period,
            "cause": self.cause,
        }
        kept = urlencode({name: value for name, value in asked.items() if value})
        return f"&{kept}" if kept else ""


@dataclass(frozen=True, slots=True)
class Choices:
    """What can be chosen among this team's mailboxes and people, the chosen one marked."""

    mailboxes: list[Choice]
    authors: list[Choice]
    periods: list[Choice]
    causes: list[Choice]


def read_asked(query: QueryDict) -> Asked:
    """Return what an address asks for."""
    period, cause = query.get("period", ""), query.get("cause", "")
    return Asked(
        mailbox=_known_id(query.get("mailbox", "")),
        author=_known_id(query.get("author", "")),
        to=query.get("to", "").strip()[:200].replace("\0", ""),
        period=period if period in PERIODS else "",
        cause=cause if cause in CAUSES else "",
    )


def _known_id(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        return ""


def emails_asked(
    member: Membership, asked: Asked, *, status: Status | None, at: datetime
) -> EmailFilter:
    """Return the filter of outgoing emails."""
    return EmailFilter(
        status=status,
        mailbox_id=UUID(asked.mailbox) if asked.mailbox else None,
        author_id=UUID(asked.author) if asked.author else None,
        contact_ids=_people(member, asked.to),
        since=_since(asked.period, at=at),
    )


def failures_asked(asked: Asked, *, is_open: bool, at: datetime) -> FailureFilter:
    """Return the filter of failures."""
    return FailureFilter(
        is_open=is_open,
        mailbox_id=UUID(asked.mailbox) if asked.mailbox else None,
        author_id=UUID(asked.author) if asked.author else None,
        error_class=asked.cause,
        since=_since(asked.period, at=at),
    )


def _people(member: Membership, typed: str) -> list[UUID] | None:
    if not typed:
        return None
    return [one.contact.pk for one in look_up(member, typed, limit=_MOST_PEOPLE)]


def _since(period: str, *, at: datetime) -> datetime | None:
    if not period:
        return None
    morning = localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
    return morning if period == "today" else morning - timedelta(days=int(period))


def choices_for(member: Membership, asked: Asked) -> Choices:
    """Return what can be chosen; one query."""
    boxes = list(
        Mailbox.objects.visible_to(member)
        .filter(kind=Kind.GMAIL)
        .select_related("owner")
        .order_by("address_key")
    )
    people = {str(box.owner_id): str(box.owner) for box in boxes}
    return Choices(
        mailboxes=_choices({"": "All", **{str(b.pk): b.address for b in boxes}}, asked.mailbox),
        authors=_choices({"": "Everyone", **people}, asked.author),
        periods=_choices(PERIODS, asked.period),
        causes=_choices(CAUSES, asked.cause),
    )


def _choices(labels: dict[str, str], chosen: str) -> list[Choice]:
    return [Choice(value, label, value == chosen) for value, label in labels.items()]
