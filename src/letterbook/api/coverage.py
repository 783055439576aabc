"""What the provider has against what became of it here, day by day; having it compared; why an email is here or not."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from django.utils import timezone
from ninja import Query, Router, Schema, Status
from pydantic import Field

from letterbook.api.mailboxes import find_own_mailbox
from letterbook.api.shapes import Text, answers
from letterbook.api.tokens import TokenRequest
from letterbook.incoming.checks import request_check
from letterbook.incoming.coverage import Fates, Progress, coverage_of, first_progress
from letterbook.incoming.coverage_days import Stretch, coverage_by_day
from letterbook.incoming.explaining import Explanation, explain
from letterbook.incoming.models import CoverageCheck

router = Router(tags=["coverage"])
_SHOWN_DAYS = timedelta(days=30)


class FatesShown(Schema):
    """What became of a number of messages."""

    stored: int
    skipped: dict[str, int] = Field(description="by reason")
    waiting: int
    quarantined: int
    gone: int = Field(description="deleted at the provider before they could be fetched")
    removed: int = Field(
        description="of all these, no longer at the provider; what is stored is kept"
    )
    of_files: int = Field(
        description="of all these, never shown by the provider: they came from imported files"
    )


class DayShown(FatesShown):
    """One day in UTC: what the provider had of it when it was last asked, and what became of it."""

    day: date
    provider_count: int | None = Field(description="null before it was asked")
    lacking: int = Field(description="at the provider, but not known here")
    state: str = Field(description="agrees, waiting, unreadable, lacking or not counted")
    checked_at: datetime | None


class ProgressShown(Schema):
    """How far the first retrieval is; `seconds_left` is null until enough was fetched to tell."""

    done: int
    total: int
    is_listing: bool
    seconds_left: float | None


class CoverageShown(FatesShown):
    """What the provider has against what became of it; `is_complete` when nothing waits and nothing is unread."""

    provider_count: int | None
    is_listing: bool
    is_complete: bool
    progress: ProgressShown | None
    days: list[DayShown] = Field(description="newest first; the last 31 unless asked otherwise")


class CheckShown(Schema):
    """A comparison of the ledger with the provider's listing, ids by ids; it goes on by itself."""

    id: UUID
    started_at: datetime
    ended_at: datetime | None
    listed: int
    missing: int
    removed: int
    error: str


class ExplanationShown(Schema):
    """What became of one message in one of your mailboxes, and why."""

    mailbox_id: UUID
    provider_id: str
    state: str = Field(description="stored, skipped, waiting, quarantined, gone or not_listed")
    why: str
    what_to_do: str
    subject: str
    sender: str
    at: datetime | None
    message_id: UUID | None
    contact_ids: list[UUID]


class LookUpShown(Schema):
    """What was found; `notices` say which mailbox could not be asked."""

    items: list[ExplanationShown]
    notices: list[str]


class Days(Schema):
    """Which days are asked for; both included."""

    since: date | None = None
    until: date | None = None


class Sought(Schema):
    """What is looked for."""

    q: Annotated[
        Text, Field(max_length=1_000, description="address, subject, Message-ID, Gmail link or id")
    ]


@router.get(
    "/mailboxes/{mailbox_id}/coverage",
    response=answers(CoverageShown),
    operation_id="get_coverage",
)
def get_coverage(request: TokenRequest, mailbox_id: UUID, days: Query[Days]) -> CoverageShown:
    """What Gmail has against what is stored, skipped and waiting, in all and by day; its owner's to know."""
    mailbox = find_own_mailbox(request.auth, mailbox_id)
    at = timezone.now()
    found = coverage_of([mailbox])[mailbox.pk]
    progress = first_progress(mailbox, found, at=at)
    until = days.until or at.astimezone(UTC).date() + timedelta(days=1)
    since = days.since or max(until, date.min + _SHOWN_DAYS) - _SHOWN_DAYS
    return CoverageShown(
        **_fates(found),
        provider_count=found.provider_count,
        is_listing=found.is_listing,
        is_complete=found.is_complete,
        progress=_progress(progress),
        days=[_day(one) for one in coverage_by_day(mailbox, since=since, until=until)],
    )


@router.post(
    "/mailboxes/{mailbox_id}/coverage",
    response=answers(CheckShown, status=202),
    operation_id="check_coverage",
)
def post_coverage(request: TokenRequest, mailbox_id: UUID) -> Status[CoverageCheck]:
    """Have the ledger compared with what Gmail lists; what is missing is fetched. One under way will do."""
    mailbox = find_own_mailbox(request.auth, mailbox_id)
    return Status(202, request_check(mailbox, at=timezone.now()))


@router.get("/explanations", response=answers(LookUpShown), operation_id="explain")
def get_explanations(request: TokenRequest, sought: Query[Sought]) -> LookUpShown:
    """Why an email is here, or is not, as far as your own mailboxes tell; Gmail is asked which one is meant."""
    look_up = explain(request.auth, sought.q, clock=timezone.now)
    return LookUpShown(items=[_told(one) for one in look_up.found], notices=look_up.notices)


def _fates(fates: Fates) -> dict[str, Any]:  # Any: the fields of FatesShown
    return FatesShown.from_orm(fates).dict()


def _progress(progress: Progress | None) -> ProgressShown | None:
    if progress is None:
        return None
    left = progress.time_left
    return ProgressShown(
        done=progress.done,
        total=progress.total,
        is_listing=progress.is_listing,
        seconds_left=left.total_seconds() if left is not None else None,
    )


def _day(stretch: Stretch) -> DayShown:
    return DayShown(
        **_fates(stretch.fates),
        day=stretch.first,
        provider_count=stretch.provider_count,
        lacking=stretch.lacking,
        state=stretch.word,
        checked_at=stretch.checked_at,
    )


def _told(one: Explanation) -> ExplanationShown:
    return ExplanationShown(
        mailbox_id=one.mailbox.pk,
        provider_id=one.provider_id,
        state=one.reason.state,
        why=one.reason.why,
        what_to_do=one.reason.what_to_do,
        subject=one.subject,
        sender=one.sender,
        at=one.at,
        message_id=one.message_id,
        contact_ids=[contact.pk for contact in one.contacts],
    )
