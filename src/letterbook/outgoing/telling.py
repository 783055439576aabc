"""Telling people by email, once a day at most, that a decision of theirs is needed; never what an email says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from smtplib import SMTPException

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import Count, Exists, OuterRef, Q

from letterbook.outgoing.failures import Failure
from letterbook.outgoing.notices import FailureNotice
from letterbook.outgoing.status import ErrorClass
from letterbook.teams.models import Membership

_log = structlog.get_logger(__name__)
_ONCE_A = timedelta(days=1)
# Whoever is at the page sees it there and may be done with it already.
_SETTLES_BY_ITSELF = timedelta(minutes=15)
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


def wants_to_be_told(member: Membership) -> bool:
    """Whether this person is told of failures by email."""
    return not FailureNotice.objects.filter(member=member, is_wanted=False).exists()


def choose_to_be_told(member: Membership, *, is_wanted: bool) -> None:
    """Keep whether this person wants to be told of failures by email."""
    FailureNotice.objects.update_or_create(
        member=member, defaults={"team_id": member.team_id, "is_wanted": is_wanted}
    )


def tell_of_failures(*, at: datetime) -> int:
    """Write to everybody who has something to decide and was not told within a day; return to how many.

    Whom a notice could not reach is tried again the next time.
    """
    return sum(_tell(member, at=at) for member in _concerned(at=at))


def _concerned(*, at: datetime) -> Iterable[Membership]:
    told = FailureNotice.objects.filter(
        Q(is_wanted=False) | Q(told_at__gt=at - _ONCE_A), member=OuterRef("pk")
    )
    theirs = Failure.objects.open().filter(
        author=OuterRef("user"), team=OuterRef("team"), failed_at__lte=at - _SETTLES_BY_ITSELF
    )
    members = Membership.objects.filter(~Exists(told), Exists(theirs), user__is_active=True)
    return members.select_related("user", "team").order_by("pk")


def _tell(member: Membership, *, at: datetime) -> bool:
    theirs = Failure.objects.open().filter(author_id=member.user_id, team_id=member.team_id)
    groups = theirs.values_list("error_class").annotate(count=Count("pk")).order_by("error_class")
    due = _Due(member, tuple((ErrorClass(kind), count) for kind, count in groups))
    if not due.counts or not _claim(member, at=at):
        return False
    try:
        _notice(due).send()
    except (SMTPException, OSError) as error:
        # Nobody was told: the next round tries again.
        FailureNotice.objects.filter(member=member, told_at=at).update(told_at=None)
        _log.warning("notice could not be sent", member=str(member.pk), error=type(error).__name__)
        return False
    theirs.filter(told_at=None).update(told_at=at)
    return True


def _claim(member: Membership, *, at: datetime) -> bool:
    """Of two workers that come to the same person at once, one writes."""
    FailureNotice.objects.get_or_create(member=member, defaults={"team_id": member.team_id})
    not_yet = Q(told_at=None) | Q(told_at__lte=at - _ONCE_A)
    row = FailureNotice.objects.filter(not_yet, member=member, is_wanted=True)
    return row.update(told_at=at) == 1


def _notice(due: _Due) -> EmailMessage:
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
        headers={"Auto-Submitted": "auto-generated"},
    )
