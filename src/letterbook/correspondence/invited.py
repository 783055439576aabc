"""The invitation that a message brings, read from its source when it is looked at."""

from __future__ import annotations

from letterbook.correspondence.models import Message
from letterbook.correspondence.sources import read_beginning
from letterbook.mime.invitations import CALENDAR_TYPES, Invitation, read_invitation
from letterbook.mime.parsing import read_attachment

OPENING = "BEGIN:VCALENDAR"


def invitation_in(message: Message) -> Invitation | None:
    """Return the invitation of a message whose viewer may read it, or None where it brings none."""
    if message.text.lstrip().startswith(OPENING):
        return read_invitation(message.text.encode())
    files = [one for one in message.attachments if one["content_type"] in CALENDAR_TYPES]
    source = read_beginning(message, size=message.size) if files else b""
    if not source:
        return None
    return read_invitation(read_attachment(source, files[0]["number"]).content)
