"""What failed, how it was resolved, and resolving it: one by one or many at once."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from django.db.models import Q
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import Field

from letterbook.api.repeating import once
from letterbook.api.shapes import (
    ACCESS,
    Access,
    Cursor,
    Given,
    Limit,
    Moment,
    Page,
    Shown,
    TeamMate,
    answers,
    team_mate,
)
from letterbook.api.tokens import TokenRequest
from letterbook.kit.cursors import Position, read_cursor, write_cursor
from letterbook.kit.refusals import NotFound
from letterbook.outgoing.desk import FailureFilter, failures_for, failures_to_resolve
from letterbook.outgoing.failures import Failure, FailureQuerySet
from letterbook.outgoing.models import Actor
from letterbook.outgoing.resolving import MOST_AT_ONCE, WayOut, resolve, retry_many
from letterbook.teams.models import Membership

router = Router(tags=["failures"])
_Class = Literal[
    "rejected", "gave_up", "needs_reconnecting", "not_permitted", "setup_wrong", "unconfirmed"
]


class FailureShown(Shown):
    """One time that an email failed; open until `resolved_at`. What your access leaves out is blank."""

    id: UUID
    outgoing_email_id: UUID
    mailbox_id: UUID
    author: TeamMate | None
    access: Access
    error_class: str = Field(description="why, by what must be done next")
    error: str
    evidence: str = Field(description="the provider's own answer, redacted")
    attempt: int
    failed_at: datetime
    resolved_at: datetime | None
    resolution: str = Field(description="retried, sent, edited or dismissed; empty while open")
    resolved_by: TeamMate | None
    by_itself: bool = Field(description="whether no person had to do anything")


class FailuresWanted(Schema):
    """Which failures a list shows."""

    state: Literal["open", "resolved", "all"] = "open"
    mailbox_id: UUID | None = None
    author_id: UUID | None = None
    error_class: _Class | None = None
    since: Moment | None = None
    until: Moment | None = None


class ResolutionGiven(Given):
    """What shall become of it. `sent` and `send_again` are for unconfirmed ones: a person looked, and decided."""

    resolution: WayOut


class RetriesGiven(Given):
    """Which failures to retry: by id, or every open one of yours of a mailbox, a class or both."""

    failure_ids: list[UUID] = Field(default=[], max_length=MOST_AT_ONCE)
    mailbox_id: UUID | None = None
    error_class: _Class | None = None


class NotRetriedShown(Schema):
    """A failure that stays open, and why."""

    failure_id: UUID
    reason: str


class RetriesShown(Schema):
    """What became of many retries; ask again while `is_more` says that there were too many for one request."""

    queued: list[UUID] = Field(description="outgoing emails that are queued again")
    not_retried: list[NotRetriedShown]
    is_more: bool


@router.get("/failures", response=answers(Page[FailureShown]), operation_id="list_failures")
def get_failures(
    request: TokenRequest,
    wanted: Query[FailuresWanted],
    cursor: Cursor = "",
    limit: Limit = 50,
) -> Page[FailureShown]:
    """Failures you may know of, the latest first; the open ones where nothing else is asked for."""
    failures = failures_for(request.auth, _filter(wanted))
    if after := read_cursor(cursor):
        is_beyond = Q(failed_at__lt=after.at) | Q(pk__lt=after.id)
        failures = failures.filter(is_beyond, failed_at__lte=after.at)
    found = list(failures.select_related("author", "resolved_by")[: limit + 1])
    shown = found[:limit]
    is_last = len(found) <= limit
    return Page(
        items=[_shown(one) for one in shown],
        next_cursor="" if is_last else write_cursor(Position(shown[-1].failed_at, shown[-1].pk)),
    )


def _filter(wanted: FailuresWanted) -> FailureFilter:
    return FailureFilter(
        is_open={"open": True, "resolved": False, "all": None}[wanted.state],
        mailbox_id=wanted.mailbox_id,
        author_id=wanted.author_id,
        error_class=wanted.error_class or "",
        since=wanted.since,
        until=wanted.until,
    )


# Before the routes of one failure: a word would be taken for its id.
@router.post("/failures/retries", response=answers(RetriesShown), operation_id="retry_failures")
def post_retries(request: TokenRequest, given: RetriesGiven) -> RetriesShown:
    """Queue many failed emails again; an unconfirmed one never is. Repeating it retries nothing twice."""
    wanted = FailureFilter(mailbox_id=given.mailbox_id, error_class=given.error_class or "")
    chosen = failures_to_resolve(request.auth, wanted)
    if given.failure_ids:
        chosen = chosen.filter(pk__in=given.failure_ids)
    elif given.mailbox_id is None and given.error_class is None:
        chosen = chosen.none()
    found = list(chosen[: MOST_AT_ONCE + 1])
    by, at = Actor.token(request.auth), timezone.now()
    done = retry_many(found[:MOST_AT_ONCE], by=by, member=request.auth, at=at)
    return RetriesShown(
        queued=list(done.queued),
        not_retried=[
            NotRetriedShown(failure_id=one.failure.pk, reason=one.reason)
            for one in done.not_retried
        ],
        is_more=len(found) > MOST_AT_ONCE,
    )


@router.get("/failures/{failure_id}", response=answers(FailureShown), operation_id="get_failure")
def get_failure(request: TokenRequest, failure_id: UUID) -> FailureShown:
    """One failure."""
    return _shown(find_failure(request.auth, failure_id))


@router.post(
    "/failures/{failure_id}/resolution",
    response=answers(FailureShown),
    operation_id="resolve_failure",
)
def post_resolution(
    request: TokenRequest, failure_id: UUID, given: ResolutionGiven
) -> FailureShown:
    """Resolve a failure; refused when it is resolved already."""
    member = request.auth

    def act() -> Failure:
        failure = find_failure(member, failure_id)
        by, at = Actor.token(member), timezone.now()
        resolve(failure, given.resolution, by=by, member=member, at=at)
        return failure

    done = once(
        request,
        member,
        create=act,
        find=lambda found: find_failure(member, found),
        id_of=lambda failure: failure.pk,
        at=timezone.now(),
    )
    return _shown(find_failure(member, done.pk))


def find_failure(member: Membership, failure_id: UUID) -> Failure:
    """Return a failure this member may know of; raise `NotFound`."""
    found = _visible(member).filter(pk=failure_id).first()
    if found is None:
        raise NotFound("There is no such failure.")
    return found


def _visible(member: Membership) -> FailureQuerySet:
    return Failure.objects.visible_to(member).select_related("email", "author", "resolved_by")


def _shown(failure: Failure) -> FailureShown:
    is_readable = failure.may_read_content
    return FailureShown(
        id=failure.pk,
        outgoing_email_id=failure.email_id,
        mailbox_id=failure.mailbox_id,
        author=team_mate(failure.author),
        access=ACCESS[failure.access],
        error_class=failure.error_class,
        error=failure.error if is_readable else "",
        evidence=failure.evidence if is_readable else "",
        attempt=failure.attempt,
        failed_at=failure.failed_at,
        resolved_at=failure.resolved_at,
        resolution=failure.resolution,
        resolved_by=team_mate(failure.resolved_by),
        by_itself=failure.was_resolved_by_itself,
    )
