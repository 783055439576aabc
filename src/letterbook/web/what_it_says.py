"""What an email says and to whom, as its story shows it to whoever may read it: also what waits, or failed."""

from __future__ import annotations

from dataclasses import dataclass

from letterbook.mime.html import html_to_text
from letterbook.outgoing.models import OutgoingAttachment, OutgoingEmail, Recipient, RecipientKind

# Its exact bytes have the rest.
_LONGEST = 40_000


@dataclass(frozen=True, slots=True)
class Addressed:
    """One line of recipients: To, Cc or Bcc, and everybody on it as they are written to."""

    label: str
    people: str


@dataclass(frozen=True, slots=True)
class WhatItSays:
    """Recipients for everybody who may know of it; Bcc, files and text only for whoever may read it."""

    addressed: list[Addressed]
    files: list[OutgoingAttachment]
    text: str


def what_it_says(email: OutgoingEmail) -> WhatItSays:
    """Return what an email that came from `visible_to` says."""
    if not email.may_read_content:
        return WhatItSays(_addressed(email, (RecipientKind.TO, RecipientKind.CC)), [], "")
    files = email.attachments.filter(content_id="").defer("content").order_by("id")
    text = html_to_text(email.html[:_LONGEST])
    return WhatItSays(_addressed(email, tuple(RecipientKind)), list(files), text)


def _addressed(email: OutgoingEmail, kinds: tuple[RecipientKind, ...]) -> list[Addressed]:
    rows = sorted(email.recipients.all(), key=lambda row: row.position)
    lines = [
        (kind.label, ", ".join(_named(row) for row in rows if row.kind == kind)) for kind in kinds
    ]
    return [Addressed(label, people) for label, people in lines if people]


def _named(row: Recipient) -> str:
    return f"{row.name} <{row.address}>" if row.name else row.address
