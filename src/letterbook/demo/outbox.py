"""What waits in the outbox when the demo opens: drafts, one for tomorrow, one that failed, two on their way."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from letterbook.demo.cast import Person, everyone
from letterbook.demo.fake_control import FakeControl
from letterbook.demo.working_hours import LONDON
from letterbook.mailboxes.models import Mailbox
from letterbook.outgoing.delivery import deliver
from letterbook.outgoing.drafts import DraftText, create_draft
from letterbook.outgoing.models import Actor, OutgoingEmail
from letterbook.outgoing.queueing import queue_email
from letterbook.teams.models import Membership

_SENT_BEFORE = timedelta(minutes=2)  # longer than the undo time, so that these are due at once
_WRITING = timedelta(minutes=9)


def fill_outbox(
    member: Membership, mailbox: Mailbox, *, control: FakeControl, at: datetime
) -> None:
    """Write the owner's emails and bring each into its state."""
    people = everyone()
    draft = _Desk(member, mailbox, at - _SENT_BEFORE - _WRITING).draft
    draft(
        _to(people["joan"]),
        "Opening times over Christmas",
        "Before we print the cards: are you open between the years?",
    )
    draft(
        _to(people["helen"], people["asta"]),
        "Kick-off for the catalogue",
        "Three things to bring along on the day:",
    )
    _schedule(member, draft(
        _to(people["ruth"]),
        "Reminder: museum proofs",
        "Just a nudge before the printer closes on Wednesday: we need the signed proof of panel 6.",
    ), at=at)  # fmt: skip
    failed = draft(
        _to(people["ruth"], people["dewi"]),
        "Lift lobby: drawing for the engineer",
        "Here are the weights that the engineer asked for: 18 kg a panel, 22 kg with the rail.",
    )
    control.refuse_next("drafts.send", mailbox=mailbox.address)
    _send(member, failed, at=at)
    _send(member, draft(
        "Accounts <accounts@bramleydental.example>",
        "Invoice HR-1458",
        "Our invoice for the appointment cards: £640 and VAT, due in thirty days.",
    ), at=at)  # fmt: skip
    _send(member, draft(
        _to(people["oliver"]),
        "Three directions for the price list",
        "We have three directions to show you. When would it suit you to look at them?",
    ), at=at)  # fmt: skip


class _Desk:
    """Where the owner writes."""

    def __init__(self, member: Membership, mailbox: Mailbox, at: datetime) -> None:
        self._member, self._mailbox, self._at = member, mailbox, at

    def draft(self, to: str, subject: str, words: str) -> OutgoingEmail:
        """Write a draft and return it."""
        html = f"<p>Hi,</p><p>{words}</p><p>Best wishes,<br>Priya</p>"
        text = DraftText(to=to, subject=subject, html=html)
        return create_draft(self._member, mailbox=self._mailbox, text=text, at=self._at)


def _to(*people: Person) -> str:
    return ", ".join(f"{person.name} <{person.address}>" for person in people)


def _schedule(member: Membership, email: OutgoingEmail, *, at: datetime) -> None:
    tomorrow = at.astimezone(LONDON) + timedelta(days=1)
    send_at = tomorrow.replace(hour=8, minute=0, second=0, microsecond=0)
    queue_email(email, by=Actor.person(member), member=member, at=at, send_at=send_at)


def _send(member: Membership, email: OutgoingEmail, *, at: datetime) -> None:
    """Send without waiting for the worker, which is not there yet."""
    queue_email(email, by=Actor.person(member), member=member, at=at - _SENT_BEFORE)
    deliver(email.pk, clock=timezone.now)
