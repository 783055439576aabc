"""Delivery reports and automatic replies as mail servers write them, about any email; all of it made up."""

from __future__ import annotations

NO_SUCH_USER = "550 5.1.1 The email account that you tried to reach does not exist."
FULL = "552 5.2.2 The mailbox is full."


def returned(message_id: str, *, to: str, sender: str = "alice@haldenrowe.example") -> str:
    """The headers of the email that came back."""
    return "\n".join(
        [
            "Received: by mx.haldenrowe.example; Mon, 2 Nov 2026 09:00:00 +0000",
            f"Message-ID: <{message_id}>",
            f"From: Alice <{sender}>",
            f"To: {to}",
            "Subject: The proof",
            "Date: Mon, 2 Nov 2026 09:00:00 +0000",
            "MIME-Version: 1.0",
        ]
    )


def head(
    *more: str,
    to: str = "alice@haldenrowe.example",
    sender: str = "Mail Delivery Subsystem <mailer-daemon@googlemail.com>",
    subject: str = "Delivery Status Notification (Failure)",
    number: int = 1,
) -> str:
    """The headers of a report, or with another sender and subject of any email."""
    return "\n".join(
        [
            f"From: {sender}",
            f"To: {to}",
            f"Subject: {subject}",
            "Date: Mon, 2 Nov 2026 09:05:00 +0000",
            f"Message-ID: <report{number}@mail.example>",
            *more,
            "MIME-Version: 1.0",
        ]
    )


def report(
    message_id: str,
    *outcomes: tuple[str, str, str],
    action: str = "failed",
    answers: str = "",
    number: int = 1,
    to: str = "alice@haldenrowe.example",
) -> bytes:
    """A report in the form of RFC 3464; each outcome is (recipient, status, diagnostic)."""
    blocks = "\n\n".join(
        f"Final-Recipient: rfc822; {who}\nAction: {action}\nStatus: {status}\nDiagnostic-Code: smtp; {why}"
        for who, status, why in outcomes
    )
    more = [f"In-Reply-To: <{answers}>", f"References: <{answers}>"] if answers else []
    came_back = returned(message_id, to=outcomes[0][0]) if message_id else ""
    parts = [
        "Content-Type: text/plain; charset=utf-8\n\nYour message was not delivered.",
        f"Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n{blocks}\n",
        f"Content-Type: text/rfc822-headers\n\n{came_back}\n",
    ]
    body = "".join(f"--b1\n{part}\n" for part in parts) + "--b1--\n"
    kind = 'Content-Type: multipart/report; report-type=delivery-status; boundary="b1"'
    return f"{head(*more, to=to, number=number)}\n{kind}\n\n{body}".encode()


def in_words(
    text: str,
    *more: str,
    subject: str = "failure notice",
    sender: str = "MAILER-DAEMON@mx.example",
    to: str = "alice@haldenrowe.example",
) -> bytes:
    """A report that is nothing but text."""
    top = head(*more, sender=sender, subject=subject, to=to)
    return f"{top}\nContent-Type: text/plain; charset=utf-8\n\n{text}".encode()


def away(
    message_id: str,
    text: str = "I am away until 20 November 2026.",
    *more: str,
    sender: str = "Anna Lind <anna@lindwerk.example>",
    subject: str = "Automatic reply: The proof",
    to: str = "alice@haldenrowe.example",
    number: int = 1,
) -> bytes:
    """What a mailbox answers by itself while its owner is away."""
    more = (f"In-Reply-To: <{message_id}>", *more) if message_id else more
    top = head(
        "Auto-Submitted: auto-replied", *more, sender=sender, subject=subject, to=to, number=number
    )
    return f"{top}\nContent-Type: text/plain; charset=utf-8\n\n{text}\n".encode()


def complaint(message_id: str, *, about: str, kind: str = "abuse") -> bytes:
    """Somebody's provider tells that they marked an email as spam (RFC 5965)."""
    fields = f"Feedback-Type: {kind}\nUser-Agent: Loop/1\nVersion: 1\nOriginal-Rcpt-To: <{about}>"
    parts = [
        "Content-Type: text/plain\n\nThis is an abuse report.",
        f"Content-Type: message/feedback-report\n\n{fields}\n",
        f"Content-Type: message/rfc822\n\n{returned(message_id, to=about)}\n\nHello\n",
    ]
    body = "".join(f"--b1\n{part}\n" for part in parts) + "--b1--\n"
    top = head(sender="Loop <fbl@mail.example>", subject="FW: The proof")
    kind = 'Content-Type: multipart/report; report-type=feedback-report; boundary="b1"'
    return f"{top}\n{kind}\n\n{body}".encode()
