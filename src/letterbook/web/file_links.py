"""Where a file that came with an email leads: to where it is shown or, where it cannot be, to itself."""

from __future__ import annotations

from uuid import UUID

from django.urls import reverse

from letterbook.correspondence.previewing import Kind, kind_of
from letterbook.correspondence.showing import FileOnIt


def file_url(message_id: UUID, file: FileOnIt) -> str:
    """Return the address of a file of a message."""
    is_shown = kind_of(file.content_type, file.filename) != Kind.NONE
    return reverse("file" if is_shown else "attachment", args=[message_id, file.number])
