"""The failure desk: what failed and is open, what it comes from, how the rest was resolved; many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.dateparse import parse_datetime
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_POST

from letterbook.kit.cursors import Position, read_cursor, write_cursor
from letterbook.kit.refusals import Invalid
from letterbook.outgoing.desk import (
    Cause,
    FailureFilter,
    causes_of,
    failures_for,
    failures_to_resolve,
)
from letterbook.outgoing.failures import Failure, FailureQuerySet
from letterbook.outgoing.models import Actor
from letterbook.outgoing.reading import outbox_counts
from letterbook.outgoing.resolving import MOST_AT_ONCE, RetriedMany, retry_many, take_back_many
from letterbook.outgoing.status import ErrorClass
from letterbook.teams.models import Membership
from letterbook.web.outbox_filters import choices_for, failures_asked, read_asked
from letterbook.web.outgoing_rows import OutgoingRow, outgoing_of, show_rows
from letterbook.web.pages.outbox import ROWS, head_context, in_words
from letterbook.web.requests import MemberRequest, member_required, render_page
from letterbook.web.way_back import way_back
from letterbook.web.who_is_who import WhoIsWho, capitalised, who_is_who

_MOST_REASONS = 3
# Each as the end of "3 emails from alice@…".
_BECAUSE = {
    ErrorClass.REJECTED: "were refused for good by Gmail",
    ErrorClass.NO_ANSWER: "could not be handed over in time",
    ErrorClass.NEEDS_RECONNECTING: "failed because the mailbox needed reconnecting",
    ErrorClass.NOT_PERMITTED: "failed because they may no longer be sent from it",
    ErrorClass.SETUP_WRONG: "failed because Google is set up wrongly on this server",
    ErrorClass.UNCONFIRMED: "may have been sent; look into its Sent folder, then decide one by one",
}


@dataclass(frozen=True, slots=True)
class DeskRow:
    """A failure with its email as it is now; `row` is None where that is no longer the viewer's to see."""

    failure: Failure
    row: OutgoingRow | None
    resolved: str
    may_be_chosen: bool


@dataclass(frozen=True, slots=True)
class DeskCause:
    """What several open failures come from, in words."""

    cause: Cause
    text: str
    is_owner: bool


@require_GET
@member_required
def failures(request: MemberRequest) -> HttpResponse:
    """Show the failure desk; to htmx only its list."""
    return render_page(
        request, "web/outbox/desk.html", _context(request), fragment="web/outbox/desk_list.html"
    )


def _context(request: MemberRequest) -> dict[str, Any]:
    at, member, asked = now(), request.member, read_asked(request.GET)
    is_open = request.GET.get("state") != "resolved"
    wanted = failures_asked(asked, is_open=is_open, at=at)
    rows, cursor = _page(member, wanted, request.GET.get("cursor", ""), at=at)
    return head_context(member, outbox_counts(member), "failed", at=at) | {
        "rows": rows,
        "causes": _causes(member, wanted) if is_open else [],
        "next_cursor": cursor,
        "cursor": request.GET.get("cursor", ""),
        "is_open": is_open,
        "asked": asked,
        "choices": choices_for(member, asked),
        "may_choose": any(one.may_be_chosen for one in rows),
    }


def _page(
    member: Membership, wanted: FailureFilter, cursor: str, *, at: datetime
) -> tuple[list[DeskRow], str]:
    """Return a page of failures, the latest first, cut by (time, id)."""
    failed = _beyond(failures_for(member, wanted), read_cursor(cursor))
    found = list(failed.select_related("resolved_by", "author", "mailbox")[: ROWS + 1])
    shown = found[:ROWS]
    last = shown[-1] if len(found) > ROWS else None
    next_cursor = write_cursor(Position(last.failed_at, last.pk)) if last else ""
    return _rows(member, shown, at=at), next_cursor


def _beyond(failed: FailureQuerySet, after: Position | None) -> FailureQuerySet:
    if after is None:
        return failed
    is_beyond = Q(failed_at__lt=after.at) | Q(pk__lt=after.id)
    return failed.filter(is_beyond, failed_at__lte=after.at)


def _rows(member: Membership, shown: Sequence[Failure], *, at: datetime) -> list[DeskRow]:
    who = who_is_who(member)
    emails = outgoing_of(member).filter(pk__in=[one.email_id for one in shown])
    rows = {row.email.pk: row for row in show_rows(emails, member=member, who=who, at=at)}
    return [_row(one, rows.get(one.email_id), who, member) for one in shown]


def _row(failure: Failure, row: OutgoingRow | None, who: WhoIsWho, member: Membership) -> DeskRow:
    is_mine = member.user_id in {failure.author_id, failure.mailbox.owner_id}
    may_retry = failure.error_class not in {ErrorClass.UNCONFIRMED, ErrorClass.NOT_PERMITTED}
    return DeskRow(
        failure=failure,
        row=row,
        resolved=_resolved(failure, who),
        may_be_chosen=failure.is_open and is_mine and may_retry,
    )


def _resolved(failure: Failure, who: WhoIsWho) -> str:
    if failure.is_open:
        return ""
    if failure.was_resolved_by_itself:
        return f"{failure.get_resolution_display()}, by itself"
    by = who.team_mate(failure.resolved_by)
    return capitalised(f"{failure.get_resolution_display()}, by {by}")


def _causes(member: Membership, wanted: FailureFilter) -> list[DeskCause]:
    """Return the causes of two failures and more; a single one has its own buttons."""
    return [
        DeskCause(
            cause=one,
            text=f"{in_words(one.count)} from {one.address} {_BECAUSE[one.error_class]}.",
            is_owner=one.owner_id == member.user_id,
        )
        for one in causes_of(member, wanted)
        if one.count > 1
    ]


@require_POST
@member_required
def retry_failures(request: MemberRequest) -> HttpResponse:
    """Queue again what was chosen: single failures, or all of one cause."""
    wanted, at = _chosen(request), now()
    done = retry_many(
        wanted[:MOST_AT_ONCE],
        by=Actor.person(request.member),
        member=request.member,
        at=at,
        leaves_at=at + timedelta(seconds=settings.UNDO_SECONDS),
    )
    _tell(request, done)
    return redirect(way_back(request) or "failures")


@require_POST
@member_required
def take_back(request: MemberRequest) -> HttpResponse:
    """Undo retrying many: what was queued with one press, and has not left, is failed again as before."""
    asked = parse_datetime(request.GET.get("queued_at", ""))
    if asked is None or asked.tzinfo is None:
        raise Invalid("It is not known what to take back.", way_out="Look into the outbox.")
    by = Actor.person(request.member)
    count = take_back_many(request.member, queued_at=asked, by=by, at=now())
    if count:
        stands = "stands" if count == 1 else "stand"
        words = f"{in_words(count)} {stands} under Failed again, as before. Nothing was sent."
        messages.success(request, words)
    else:
        messages.warning(request, "They had left already.")
    return redirect(way_back(request) or "failures")


def _chosen(request: MemberRequest) -> FailureQuerySet:
    member = request.member
    if cause := request.POST.get("cause", ""):
        kind, _, mailbox_id = cause.partition("|")
        ids = _ids([mailbox_id])
        if kind not in ErrorClass.values or not ids:
            raise Invalid("There is no such cause.", field="cause")
        return failures_to_resolve(member, FailureFilter(error_class=kind, mailbox_id=ids[0]))
    ids = _ids(request.POST.getlist("failure"))
    if not ids:
        raise Invalid("No email was chosen.", way_out="Tick those to retry.", field="failure")
    return failures_to_resolve(member, FailureFilter()).filter(pk__in=ids)


def _ids(given: list[str]) -> list[UUID]:
    try:
        return [UUID(one) for one in given[:MOST_AT_ONCE]]
    except ValueError as error:
        raise Invalid("There is no such failure.", field="failure") from error


def _tell(request: MemberRequest, done: RetriedMany) -> None:
    count = len(done.queued)
    if count:
        messages.success(
            request, f"{in_words(count)} {'is' if count == 1 else 'are'} queued again."
        )
    if done.not_retried:
        reasons = list(dict.fromkeys(one.reason for one in done.not_retried))[:_MOST_REASONS]
        left = len(done.not_retried)
        messages.warning(
            request, f"{in_words(left)} {'was' if left == 1 else 'were'} not: {' '.join(reasons)}"
        )
    if not count and not done.not_retried:
        messages.info(request, "There was nothing left to retry.")
