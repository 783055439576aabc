"""Delivery reports: what a mail server writes back when an email could not be delivered (RFC 3464)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

REPORTER = "mailer-daemon@mail.haldenrowe.example"


@dataclass(frozen=True, slots=True)
class Undelivered:
    """An email that came back: to whom, and why."""

    sender: str
    recipient: str
    message_id: str
    subject: str
    status: str = "5.1.1"
    reason: str = "550 5.1.1 The email account that you tried to reach does not exist."


MAILBOX_FULL = ("5.2.2", "552 5.2.2 The recipient's mailbox is full.")


def report(undelivered: Undelivered, *, at: datetime) -> bytes:
    """Return the report that comes back to the sender."""
    mark = _digest(undelivered)
    lines = [
        f"From: Mail Delivery Subsystem <{REPORTER}>",
        f"To: {undelivered.sender}",
        "Subject: Delivery Status Notification (Failure)",
        f"Date: {format_datetime(at)}",
        f"Message-ID: <{mark}@mail.haldenrowe.example>",
        f"In-Reply-To: <{undelivered.message_id}>",
        f"References: <{undelivered.message_id}>",
        "Auto-Submitted: auto-replied",
        f"X-Failed-Recipients: {undelivered.recipient}",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type=delivery-status; boundary="{mark[:24]}"',
        "",
        *_part(mark, "text/plain; charset=utf-8", _explanation(undelivered)),
        *_part(mark, "message/delivery-status", _status(undelivered, at)),
        *_part(mark, "text/rfc822-headers", _original_headers(undelivered)),
        f"--{mark[:24]}--",
        "",
    ]
    return "\r\n".join(lines).encode()


def _part(mark: str, content_type: str, lines: list[str]) -> list[str]:
    return [f"--{mark[:24]}", f"Content-Type: {content_type}", "", *lines, ""]


def _explanation(undelivered: Undelivered) -> list[str]:
    return [
        f"Your message was not delivered to {undelivered.recipient}.",
        "",
        "The server of the recipient answered:",
        "",
        undelivered.reason,
    ]


def _status(undelivered: Undelivered, at: datetime) -> list[str]:
    return [
        "Reporting-MTA: dns; mail.haldenrowe.example",
        f"Arrival-Date: {format_datetime(at)}",
        "",
        f"Final-Recipient: rfc822; {undelivered.recipient}",
        "Action: failed",
        f"Status: {undelivered.status}",
        f"Diagnostic-Code: smtp; {undelivered.reason}",
    ]


def _original_headers(undelivered: Undelivered) -> list[str]:
    headers = EmailMessage(policy=SMTP)
    headers["From"] = undelivered.sender
    headers["To"] = undelivered.recipient
    headers["Subject"] = undelivered.subject
    headers["Message-ID"] = f"<{undelivered.message_id}>"
    return headers.as_string().strip().splitlines()


def _digest(undelivered: Undelivered) -> str:
    seed = f"{undelivered.message_id} {undelivered.recipient}"
    return hashlib.sha256(seed.encode()).hexdigest()[:32]
