"""What the numbers ask for: who waits, who has fallen silent, when to write, which mailbox fails."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Literal

from letterbook.contacts.models import Contact
from letterbook.insights.asked_about import WHOLE_TEAM
from letterbook.insights.best_hour import BestHour, best_hour_of
from letterbook.insights.going_cold import Silence, going_cold_of
from letterbook.insights.tallying import Tally, count, count_together, year_before
from letterbook.insights.waiting import who_waits
from letterbook.mailboxes.health import HEALTH_RELATED, describe
from letterbook.mailboxes.models import Mailbox
from letterbook.teams.models import Membership

AdviceKind = Literal["failing_mailbox", "unanswered", "going_cold", "best_hour"]
_MOST_WAITING = 3


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing worth doing: what is so, what to do about it, and about whom or what it is."""

    kind: AdviceKind
    what_is_so: str
    what_to_do: str
    contact: Contact | None = None
    mailbox: Mailbox | None = None


def advice_for(member: Membership, *, at: datetime, zone: tzinfo) -> tuple[Advice, ...]:
    """Return what is worth doing, the most urgent first, from what this member may see; nothing where all is well."""
    tallies = advice_of(member, at=at, zone=zone)
    silences, best = count_together(member, WHOLE_TEAM, *tallies, since=year_before(at))
    return advice_from(member, silences, best, at=at)


def advice_of(
    member: Membership, *, at: datetime, zone: tzinfo
) -> tuple[Tally[tuple[Silence, ...]], Tally[BestHour | None]]:
    """Return what is counted for advice, among the emails of a year."""
    return going_cold_of(member, at=at), best_hour_of(at, zone=zone)


def own_silences(member: Membership, *, at: datetime) -> tuple[Advice, ...]:
    """Return of whom this person exchanged emails with that they fell silent, those who wrote most first."""
    silent = going_cold_of(member, at=at, is_own=True)
    silences = count(member, WHOLE_TEAM, silent, since=year_before(at))
    return tuple(_going_cold(silences))


def advice_from(
    member: Membership, silences: Iterable[Silence], best: BestHour | None, *, at: datetime
) -> tuple[Advice, ...]:
    """Return the advice, given what was counted."""
    return (
        *_failing(member, at=at),
        *_unanswered(member, at=at),
        *_going_cold(silences),
        *_hour(best),
    )


def _failing(member: Membership, *, at: datetime) -> Iterator[Advice]:
    mailboxes = Mailbox.objects.visible_to(member).select_related(*HEALTH_RELATED)
    for mailbox in mailboxes.order_by("address_key"):
        health = describe(mailbox, at=at)
        if health.level == "bad":
            what = f"{mailbox.address}: {health.word}. {health.reason}".strip()
            yield Advice("failing_mailbox", what, health.what_to_do, mailbox=mailbox)


def _unanswered(member: Membership, *, at: datetime) -> Iterator[Advice]:
    for waiting in who_waits(member, at=at, limit=_MOST_WAITING):
        days = (at - waiting.email.occurred_at).days
        if days:
            what = f"{waiting.contact} has waited {_days(days)} for your answer."
            yield Advice("unanswered", what, "Answer, or say when you will.", waiting.contact)


def _going_cold(silences: Iterable[Silence]) -> Iterator[Advice]:
    for silence in silences:
        usual = "every day" if silence.usual_days <= 1 else f"every {_days(silence.usual_days)}"
        what = f"{silence.contact} used to write {usual}, and has not for {_days(silence.days)}."
        yield Advice("going_cold", what, "Write to them.", silence.contact)


def _hour(best: BestHour | None) -> Iterator[Advice]:
    if best is not None:
        what = (
            f"Of the emails sent between {best.hour:02}:00 and {(best.hour + 1) % 24:02}:00, "
            f"{best.share * 100:.0f} % are answered within a day; of all, {best.usual_share * 100:.0f} %."
        )
        yield Advice("best_hour", what, "Send then what needs an answer soon.")


def _days(number: int) -> str:
    return "a day" if number == 1 else f"{number} days"
