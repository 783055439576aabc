"""What the shell around every page needs to know: a few small queries, made only when a template shows the shell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.db.models import F
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.timezone import now

from letterbook.incoming.coverage import coverage_of
from letterbook.mailboxes.models import Kind, Mailbox, MailboxState
from letterbook.mailboxes.of_team import own_mailboxes
from letterbook.outgoing.models import OutgoingEmail
from letterbook.outgoing.reading import count_queued, count_to_decide
from letterbook.outgoing.status import Status
from letterbook.teams.models import Membership
from letterbook.teams.people import memberships_of
from letterbook.teams.second_wall import seen_by


@dataclass(frozen=True, slots=True)
class Member:
    """The person who is signed in."""

    pk: UUID
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class ShownTeam:
    """A team the person is in; one of them is the one they act in."""

    pk: UUID
    name: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Nav:
    """The counts beside the pages' names."""

    today: int
    failed: int
    queued: int
    mailboxes_needing_you: int


@dataclass(frozen=True, slots=True)
class Accounted:
    """How much of the person's own mail is accounted for."""

    total: int
    stored: int
    skipped: int
    waiting: int
    counted_at: datetime | None

    @property
    def accounted(self) -> int:
        """What is stored, or left out with a reason."""
        return self.total - self.waiting


@dataclass(frozen=True, slots=True)
class Leaving:
    """What can still be taken back: one email, or as many as were queued with one press."""

    subject: str
    number: int
    leaves_at: datetime
    undo_url: str
    is_held: bool


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return the shell of a signed-in person; for anybody else there is none."""
    member = getattr(request, "member", None)
    if not member:
        return {}
    return {"shell": SimpleLazyObject(lambda: _shell(member, at=now()))}


# Also shown where nobody looked before: on the pages about signing in, and around a refusal.
def _shell(member: Membership, *, at: datetime) -> dict[str, Any]:
    with seen_by(member):
        return _what_is_around(member, at=at)


def _what_is_around(member: Membership, *, at: datetime) -> dict[str, Any]:
    boxes = own_mailboxes(member)
    nav = _nav(member, boxes)
    return {
        "member": Member(member.pk, str(member.user), member.user.email),
        "team": ShownTeam(member.team_id, member.team.name, is_current=True),
        "teams": _teams(member),
        "nav": nav,
        "pinned": (),
        "coverage": _accounted(boxes),
        "leaving": _leaving(member, at=at) if nav.queued else None,
        "at": at,
        "looking_as": str(member.looking_as.user) if member.looking_as else None,
        "is_demo": settings.DEMO,
    }


def _teams(member: Membership) -> list[ShownTeam]:
    return [
        ShownTeam(one.team_id, one.team.name, is_current=one.team_id == member.team_id)
        for one in memberships_of(member.user)
    ]


def _nav(member: Membership, boxes: list[Mailbox]) -> Nav:
    failed = count_to_decide(member)
    broken = sum(box.state == MailboxState.NEEDS_RECONNECTING for box in boxes)
    return Nav(
        today=failed + broken,
        failed=failed,
        queued=count_queued(member),
        mailboxes_needing_you=broken,
    )


def _accounted(boxes: list[Mailbox]) -> Accounted | None:
    connected = [box for box in boxes if box.kind == Kind.GMAIL]
    if not connected:
        return None
    found = coverage_of(connected).values()
    return Accounted(
        total=sum(one.known for one in found),
        stored=sum(one.stored for one in found),
        skipped=sum(one.decided - one.stored for one in found),
        waiting=sum(one.waiting for one in found),
        counted_at=min((box.retrieved_at for box in connected if box.retrieved_at), default=None),
    )


def _leaving(member: Membership, *, at: datetime) -> Leaving | None:
    undo = timedelta(seconds=settings.UNDO_SECONDS)
    # Said twice: the second time so that the index of what is due leads to the few among any number of queued ones.
    own = OutgoingEmail.objects.visible_to(member).filter(
        author_id=member.user_id,
        status=Status.QUEUED,
        due_at__lte=F("queued_at") + undo,
        due_at__gt=at,
        due_at__lt=at + 2 * undo,
    )
    newest = own.select_related("mailbox").order_by("-queued_at").defer("html").first()
    if newest is None or newest.due_at is None:
        return None
    number = own.filter(queued_at=newest.queued_at).count()
    if number > 1 and newest.queued_at:
        undo_url = (
            f"{reverse('undo-retries')}?{urlencode({'queued_at': newest.queued_at.isoformat()})}"
        )
    else:
        undo_url = reverse("undo-email", args=[newest.pk])
    is_held = newest.mailbox.is_sending_paused or not newest.mailbox.is_connected
    return Leaving(newest.subject, number, newest.due_at, undo_url, is_held)
