"""Telling people by email, once a day at most, that a decision of theirs is needed; never what an email says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from smtplib import SMTPException
from uuid import UUID, uuid5

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from letterbook.outgoing.clock import Clock
from letterbook.outgoing.failures import Failure
from letterbook.outgoing.notices import FailureNotice
from letterbook.outgoing.status import ErrorClass
from letterbook.teams.models import Membership

_log = structlog.get_logger(__name__)
_ONCE_A = timedelta(days=1)
# Whoever is at the page sees it there and may be done with it already.
_SETTLES_BY_ITSELF = timedelta(minutes=15)
# Longer than any mail server is waited for, and over when the next round comes.
_LEASE = timedelta(minutes=30)
_WHY = {
    ErrorClass.UNCONFIRMED: "may have been sent: look, then decide",
    ErrorClass.REJECTED: "refused for good by Gmail: correct and send anew",
    ErrorClass.NO_ANSWER: "could not be handed over in time: retry",
    ErrorClass.NEEDS_RECONNECTING: "waited in vain for a mailbox to be reconnected",
    ErrorClass.NOT_PERMITTED: "the author may no longer send from that mailbox",
    ErrorClass.SETUP_WRONG: "Google is set up wrongly on this server: ask an admin",
}


@dataclass(frozen=True, slots=True)
class _Due:
    member: Membership
    counts: tuple[tuple[ErrorClass, int], ...]


@dataclass(frozen=True, slots=True)
class _Claim:
    """That one worker writes to one person until a time; whoever takes it up after it died writes the same again."""

    member_id: UUID
    told_before: datetime | None
    until: datetime

    @property
    def message_id(self) -> str:
        """The same until they are told, so that a second copy is known for what it is."""
        name = uuid5(self.member_id, str(self.told_before))
        return f"<{name}@{parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition('@')[2]}>"


def wants_to_be_told(member: Membership) -> bool:
    """Whether this person is told of failures by email."""
    return not FailureNotice.objects.filter(member=member, is_wanted=False).exists()


def choose_to_be_told(member: Membership, *, is_wanted: bool) -> None:
    """Keep whether this person wants to be told of failures by email."""
    FailureNotice.objects.update_or_create(
        member=member, defaults={"team_id": member.team_id, "is_wanted": is_wanted}
    )


def tell_of_failures(*, clock: Clock) -> int:
    """Write to everybody who has something to decide and was not told within a day; return to how many.

    Whom a notice could not reach, or whose worker died, is told the next time: at least once a day that asks for it.
    """
    return sum(_tell(member, clock=clock) for member in _concerned(at=clock()))


def _concerned(*, at: datetime) -> Iterable[Membership]:
    told = FailureNotice.objects.filter(
        Q(is_wanted=False) | Q(told_at__gt=at - _ONCE_A), member=OuterRef("pk")
    )
    theirs = Failure.objects.open().filter(
        author=OuterRef("user"), team=OuterRef("team"), failed_at__lte=at - _SETTLES_BY_ITSELF
    )
    members = Membership.objects.filter(~Exists(told), Exists(theirs), user__is_active=True)
    return members.select_related("user", "team").order_by("pk")


def _tell(member: Membership, *, clock: Clock) -> bool:
    at = clock()
    theirs = Failure.objects.open().filter(
        author_id=member.user_id, team_id=member.team_id, failed_at__lte=at
    )
    groups = theirs.values_list("error_class").annotate(count=Count("pk")).order_by("error_class")
    counts = tuple((ErrorClass(kind), count) for kind, count in groups)
    claim = _claim(member, at=at) if counts else None
    if claim is None:
        return False
    try:
        _notice(_Due(member, counts), message_id=claim.message_id).send()
    except (SMTPException, OSError, ValueError) as error:
        # As far as we know nobody was told; an address that no mail server takes holds up nobody else.
        _held(claim).update(leased_until=None)
        _log.warning("notice could not be sent", member=str(member.pk), error=type(error).__name__)
        return False
    with transaction.atomic():
        _held(claim).update(told_at=at, leased_until=None)
        theirs.filter(told_at=None).update(told_at=at)
    return True


def _claim(member: Membership, *, at: datetime) -> _Claim | None:
    """Of two workers that come to the same person at once, one writes."""
    row, _ = FailureNotice.objects.get_or_create(
        member=member, defaults={"team_id": member.team_id}
    )
    claim = _Claim(member.pk, row.told_at, at + _LEASE)
    is_free = Q(leased_until=None) | Q(leased_until__lte=at)
    is_due = Q(told_at=None) | Q(told_at__lte=at - _ONCE_A)
    rows = FailureNotice.objects.filter(
        is_free, is_due, member=member, is_wanted=True, told_at=claim.told_before
    )
    return claim if rows.update(leased_until=claim.until) == 1 else None


def _held(claim: _Claim) -> QuerySet[FailureNotice]:
    """The row, unless somebody else holds it by now."""
    return FailureNotice.objects.filter(member_id=claim.member_id, leased_until=claim.until)


def _notice(due: _Due, *, message_id: str) -> EmailMessage:
    total = sum(count for _, count in due.counts)
    emails = "1 email needs" if total == 1 else f"{total:,} emails need"
    lines = [f"- {count:,}: {_WHY[kind]}" for kind, count in due.counts]
    body = "\n".join(
        [
            f"{emails} a decision of yours in {due.member.team}:",
            "",
            *lines,
            "",
            f"Decide here: {settings.BASE_URL}/outbox/failures",
            "",
            "You get this once a day at most, and only while something is open. What your emails say is never in it.",
            f"To get it no more, change it in your settings: {settings.BASE_URL}/settings",
            "",
        ]
    )
    return EmailMessage(
        subject=f"Letterbook: {emails} a decision",
        body=body,
        to=[due.member.user.email],
        headers={"Auto-Submitted": "auto-generated", "Message-ID": message_id},
    )
