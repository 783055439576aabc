"""Emails as they arrive: raw bytes, and the copies that mailboxes hold of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from letterbook.correspondence.packing import pack_message
from letterbook.correspondence.storing import Copy
from letterbook.mime.parsing import parse_message

FIRST_DAY = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)


def a_letter(
    number: int = 1,
    *,
    sender: str = "Anna Lind <anna@lindwerk.example>",
    to: str = "alice@haldenrowe.example",
    cc: str = "",
    bcc: str = "",
    subject: str = "",
    text: str = "",
    answers: tuple[int, ...] = (),
    headers: tuple[str, ...] = (),
) -> bytes:
    """The source of email number `number`; `answers` are the numbers of those it refers to."""
    lines = [
        f"From: {sender}",
        f"To: {to}",
        f"Subject: {subject or f'Letter {number}'}",
        f"Message-ID: <{number}@lindwerk.example>",
        "Date: Mon, 02 Nov 2026 08:00:00 +0000",
        *headers,
    ]
    lines += [f"Cc: {cc}"] if cc else []
    lines += [f"Bcc: {bcc}"] if bcc else []
    if answers:
        lines.append("References: " + " ".join(f"<{each}@lindwerk.example>" for each in answers))
    return "\r\n".join([*lines, "", text or f"This is letter {number}.", ""]).encode()


def a_copy(
    raw: bytes,
    *,
    named: str = "",
    thread: str = "",
    labels: tuple[str, ...] = ("INBOX",),
    minute: int = 0,
) -> Copy:
    """What a mailbox holds of an email; every email its own provider id and thread unless told."""
    parsed = parse_message(raw)
    provider_id = named or parsed.digest.hex()[:16]
    at = FIRST_DAY + timedelta(minutes=minute)
    return Copy(
        provider_id,
        thread or f"t-{provider_id}",
        frozenset(labels),
        at,
        pack_message(raw, parsed),
    )
