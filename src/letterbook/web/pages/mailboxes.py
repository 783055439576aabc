"""The team's mailboxes: how each fares, and how much of it is accounted for."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_POST

from letterbook.incoming.coverage import Coverage, Progress, coverage_of, first_progress
from letterbook.incoming.requesting import request_retrieval
from letterbook.kit.refusals import Refused
from letterbook.mailboxes.health import HEALTH_RELATED, Health, describe
from letterbook.mailboxes.models import Kind, Mailbox, MailboxState
from letterbook.teams.models import Membership
from letterbook.web.requests import MemberRequest, member_required, render_page

STAMPS = {
    "busy": "first_retrieval",
    "warning": "incomplete",
    "bad": "needs_reconnecting",
    "resting": "paused",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One mailbox of the list; its numbers, `coverage`, are its owner's alone."""

    mailbox: Mailbox
    is_mine: bool
    health: Health
    stamp: str
    word: str
    coverage: Coverage | None
    progress: Progress | None

    @property
    def left_out(self) -> int:
        """How many messages were skipped, each with its reason."""
        return sum(self.coverage.skipped.values()) if self.coverage else 0

    @property
    def total(self) -> int:
        """How many messages there are: what the provider showed, or more where it counts more."""
        if self.coverage is None:
            return 0
        return self.coverage.total if self.progress else self.coverage.known

    @property
    def unread(self) -> int:
        """How many are known of but not read yet, or could not be."""
        return self.coverage.waiting + self.coverage.quarantined if self.coverage else 0

    @property
    def is_whole(self) -> bool:
        """Whether every message there is has met its fate."""
        return self.coverage is not None and self.coverage.decided >= self.total

    @property
    def may_be_retrieved(self) -> bool:
        """Whether "Fetch now" makes sense."""
        return self.is_mine and self.mailbox.kind == Kind.GMAIL and self.mailbox.is_connected

    @property
    def needs_reconnecting(self) -> bool:
        """Whether its owner should give Google's permission again."""
        return self.mailbox.kind == Kind.GMAIL and (
            self.mailbox.state in {MailboxState.NEEDS_RECONNECTING, MailboxState.DISCONNECTED}
            or self.health.word == "Locked"
        )


@member_required
@require_GET
def mailboxes(request: MemberRequest) -> HttpResponse:
    """List the team's mailboxes with their health and their coverage."""
    rows = read_rows(request.member)
    return render_page(
        request,
        "web/mailboxes.html",
        {"rows": rows, "is_google_set_up": is_google_set_up()},
        fragment="web/mailbox_rows.html",
    )


def read_rows(member: Membership, *, only: UUID | None = None) -> list[Row]:
    """Return the team's mailboxes as this member may see them, in two queries; one's own come first."""
    found = Mailbox.objects.visible_to(member).select_related(*HEALTH_RELATED)
    if only is not None:
        found = found.filter(pk=only)
    ordered = sorted(found, key=lambda one: (one.owner_id != member.user_id, one.address))
    coverage = coverage_of(ordered)
    return [_row(mailbox, coverage[mailbox.pk], member) for mailbox in ordered]


def _row(mailbox: Mailbox, coverage: Coverage, member: Membership) -> Row:
    health = describe(mailbox, at=now())
    # Whatever the mailbox shares: its numbers would count what its owner keeps private of it.
    may_know = mailbox.owner_id == member.user_id
    stamp, word = _look(mailbox, health, coverage, may_know=may_know)
    return Row(
        mailbox=mailbox,
        is_mine=may_know,
        health=health,
        stamp=stamp,
        word=word,
        coverage=coverage if may_know else None,
        progress=first_progress(mailbox, coverage, at=now()) if may_know else None,
    )


def _look(
    mailbox: Mailbox, health: Health, coverage: Coverage, *, may_know: bool
) -> tuple[str, str]:
    """Return stamp and word of a mailbox. Green only when nothing waits and nothing is left unread."""
    if mailbox.kind == Kind.IMPORT:
        return "fact", health.word
    if health.level == "good":
        if coverage.is_complete:
            return "agrees", "Counts agree"
        missing = coverage.waiting + coverage.quarantined
        return "incomplete", f"{missing:,} not here yet" if may_know and missing else "Incomplete"
    return STAMPS[health.level], health.word


def is_google_set_up() -> bool:
    """Whether mailboxes can be connected here at all."""
    return bool(settings.GOOGLE_CLIENT_ID and settings.GOOGLE_CLIENT_SECRET)


@member_required
@require_POST
def retrieve_all(request: MemberRequest) -> HttpResponse:
    """Ask for new mail in all of one's own connected mailboxes."""
    mine = Mailbox.objects.visible_to(request.member).filter(
        owner=request.user, kind=Kind.GMAIL, state=MailboxState.CONNECTED
    )
    for mailbox in mine:
        try:
            request_retrieval(mailbox, at=now())
        except Refused as refused:
            messages.warning(request, f"{mailbox.address}: {refused}")
    return redirect("mailboxes")
