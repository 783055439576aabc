"""Who holds which email: the same letter lies in its sender's mailbox and in those of all who got it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime

from letterbook.demo.bouncing import MAILBOX_FULL, Undelivered, report
from letterbook.demo.cast import agency
from letterbook.demo.letters import Letter
from letterbook.demo.season import write_letters
from letterbook.demo.strangers import write_notices
from letterbook.demo.writing import write

_NEW = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One email as it lies in one mailbox."""

    mailbox: str
    at: datetime
    labels: tuple[str, ...]
    raw: bytes = field(repr=False)


def tell_story(*, at: datetime, seed: int = 1) -> list[Delivery]:
    """Return what lies in the team's mailboxes at this time, oldest first: the same for the same seed and time."""
    deliveries = [
        delivery
        for letter in write_letters(at=at, seed=seed)
        for delivery in deliver(letter, at=at)
    ]
    for notice in write_notices(at=at, seed=seed):
        labels = ("INBOX", "CATEGORY_UPDATES", *_unread(notice.at, at))
        deliveries.append(Delivery(notice.reader, notice.at, labels, notice.raw))
    return sorted(deliveries, key=lambda one: (one.at, one.mailbox, one.raw))


def deliver(letter: Letter, *, at: datetime) -> Iterator[Delivery]:
    """Yield each copy of a letter that lies in one of the team's mailboxes."""
    ours = {one.person.address for one in agency().colleagues}
    raw = _bounced(letter) if letter.kind == "bounce" else write(letter)
    if letter.sender.address in ours:
        yield Delivery(letter.sender.address, letter.at, ("SENT",), raw)
    for reader in (*letter.to, *letter.cc):
        if reader.address in ours:
            labels = ("INBOX", *_unread(letter.at, at))
            yield Delivery(
                reader.address, letter.at, labels, _received(raw, letter, reader.address)
            )


def _unread(came_at: datetime, at: datetime) -> tuple[str, ...]:
    return ("UNREAD",) if at - came_at < _NEW else ()


def _bounced(letter: Letter) -> bytes:
    if letter.answers is None:
        raise ValueError("only an answer can be a delivery report")
    status, reason = MAILBOX_FULL
    undelivered = Undelivered(
        sender=letter.answers.sender.address,
        recipient=letter.sender.address,
        message_id=letter.answers.message_id,
        subject=letter.answers.subject,
        status=status,
        reason=reason,
    )
    return report(undelivered, at=letter.at)


def _received(raw: bytes, letter: Letter, reader: str) -> bytes:
    head = (
        f"Delivered-To: {reader}\r\n"
        f"Received: from mail.{letter.sender.address.partition('@')[2]} by mx.haldenrowe.example\r\n"
        f" for <{reader}>; {format_datetime(letter.at)}\r\n"
    )
    return head.encode() + raw
