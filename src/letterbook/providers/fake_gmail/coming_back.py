"""What comes back for addresses that nobody has: Gmail's own reports, and the answer of somebody who is away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime

from letterbook.providers.fake_gmail.header_lines import fields_of, head_of

# Mail to this domain comes back; before the @ stands how.
DOMAIN = "bounces.example"
_DAEMON = "Mail Delivery Subsystem <mailer-daemon@googlemail.com>"


@dataclass(frozen=True, slots=True)
class _Ending:
    action: str
    status: str
    words: str


_DEAD = _Ending(
    "failed", "5.1.1", "550 5.1.1 The email account that you tried to reach does not exist."
)
_ENDINGS = {
    "full": _Ending("failed", "5.2.2", "552 5.2.2 The recipient's inbox is out of storage space."),
    "late": _Ending("delayed", "4.4.1", "The recipient server did not accept our connection."),
}


def is_coming_back(recipient: str) -> bool:
    """Whether something comes back for mail to this address."""
    return recipient.casefold().endswith(f"@{DOMAIN}")


def what_comes_back(wire: bytes, recipient: str, *, message_id: str, at: datetime) -> bytes:
    """Return the email that comes back to the sender of `wire`.

    `full@`, `late@` and `away@` say how; whatever else is at the domain does not exist.
    """
    name = recipient.casefold().partition("@")[0]
    if name.startswith("away"):
        return _away(wire, recipient, message_id=message_id, at=at)
    ending = _ENDINGS.get(name, _DEAD)
    return _report(wire, recipient, ending, message_id=message_id, at=at)


def _report(
    wire: bytes, recipient: str, ending: _Ending, *, message_id: str, at: datetime
) -> bytes:
    kind = "Failure" if ending.action == "failed" else "Delay"
    head = [
        *_head(wire, _DAEMON, f"Delivery Status Notification ({kind})", message_id, at),
        "Auto-Submitted: auto-replied",
        f"X-Failed-Recipients: {recipient}",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="back"',
    ]
    status = [
        "Reporting-MTA: dns; googlemail.com",
        "",
        f"Final-Recipient: rfc822; {recipient}",
        f"Action: {ending.action}",
        f"Status: {ending.status}",
        f"Diagnostic-Code: smtp; {ending.words}",
    ]
    parts = [
        ("text/plain; charset=utf-8", [f"{recipient} was not reached.", "", ending.words]),
        ("message/delivery-status", status),
        ("text/rfc822-headers", head_of(wire).decode("utf-8", "replace").splitlines()),
    ]
    body = [line for kind, lines in parts for line in _part(kind, lines)]
    return "\r\n".join([*head, "", *body, "--back--", ""]).encode()


def _away(wire: bytes, recipient: str, *, message_id: str, at: datetime) -> bytes:
    back = at + timedelta(days=7)
    head = [
        *_head(wire, recipient, f"Automatic reply: {_field(wire, 'subject')}", message_id, at),
        "Auto-Submitted: auto-replied",
        "Content-Type: text/plain; charset=utf-8",
    ]
    text = f"I am away until {back.day} {back:%B %Y}."
    return "\r\n".join([*head, "", text, ""]).encode()


def _head(wire: bytes, sender: str, subject: str, message_id: str, at: datetime) -> list[str]:
    answered = _field(wire, "message-id")
    return [
        f"From: {sender}",
        f"To: {_field(wire, 'from')}",
        f"Subject: {subject}",
        f"Date: {format_datetime(at)}",
        f"Message-ID: {message_id}",
        f"In-Reply-To: {answered}",
        f"References: {answered}",
        "MIME-Version: 1.0",
    ]


def _field(wire: bytes, name: str) -> str:
    return next((value for field, value in fields_of(wire) if field.lower() == name), "")


def _part(content_type: str, lines: list[str]) -> list[str]:
    return ["--back", f"Content-Type: {content_type}", "", *lines, ""]
