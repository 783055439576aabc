"""What came, byte by byte: a message's source and its files, for those who may read it."""

from __future__ import annotations

from uuid import UUID

from letterbook.correspondence.conversations import find_readable_message
from letterbook.correspondence.openings import How
from letterbook.correspondence.sources import read_source_for
from letterbook.kit.refusals import NotFound
from letterbook.mime.attachments import AttachmentContent, NoSuchPart
from letterbook.mime.parsing import read_attachment
from letterbook.teams.models import Membership


def download_source(member: Membership, message_id: UUID, *, how: How | None = How.SOURCE) -> bytes:
    """Return the bytes of a message, as far as they are this member's to read; raise `NotFound` where none are."""
    return read_source_for(member, find_readable_message(member, message_id, how=how))


def download_file(
    member: Membership, message_id: UUID, *, number: int, how: How = How.FILE
) -> AttachmentContent:
    """Return a file that came with a message; raise `NotFound` when there is none, or not for this member."""
    source = download_source(member, message_id, how=how)
    try:
        return read_attachment(source, number)
    except NoSuchPart as missing:
        raise NotFound("This email has no such file.") from missing
