"""Files that go with an email."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction

from letterbook.kit.ids import new_id
from letterbook.kit.refusals import Invalid, NotFound
from letterbook.mime.attachments import safe_filename
from letterbook.mime.parsing import read_attachments
from letterbook.mime.pictures import picture_type
from letterbook.outgoing.fitting import check_file_fits
from letterbook.outgoing.models import OutgoingAttachment, OutgoingEmail
from letterbook.outgoing.writable import lock_draft
from letterbook.teams.models import Membership

_CONTENT_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,58}/[a-z0-9][a-z0-9!#$&^_.+-]{0,58}")


@transaction.atomic
def attach_file(
    member: Membership,
    email: OutgoingEmail,
    *,
    filename: str,
    content_type: str,
    content: bytes,
    at: datetime,
) -> OutgoingAttachment:
    """Attach a file to a draft and return it; raise `Invalid` when all files together would be too large."""
    draft = lock_draft(member, email)
    attachment = _add(draft, filename=filename, content_type=content_type, content=content)
    OutgoingEmail.objects.filter(pk=draft.pk).update(updated_at=at)
    return attachment


@transaction.atomic
def attach_picture(
    member: Membership,
    email: OutgoingEmail,
    *,
    filename: str,
    content: bytes,
    at: datetime,
) -> OutgoingAttachment:
    """Attach a picture that belongs into the text and return it: the text shows it as `cid:` and its content id.

    Raises `Invalid` for what is no picture that mail programs show, and where it is too large.
    """
    draft = lock_draft(member, email)
    kind = picture_type(content)
    if kind is None:
        raise Invalid(
            "This is no picture that mail programs show in a text.",
            way_out="Use PNG, JPEG, GIF or WebP, or attach it as a file.",
            field="file",
        )
    picture = _add(
        draft,
        filename=filename,
        content_type=kind,
        content=content,
        content_id=new_content_id(),
    )
    OutgoingEmail.objects.filter(pk=draft.pk).update(updated_at=at)
    return picture


def take_over_files(draft: OutgoingEmail, raw: bytes, *, content_ids: Mapping[int, str]) -> None:
    """Give a draft these attachments of another email, by number; one with a content id becomes a picture of its text.

    One at a time: together they may be large. Raises `Invalid` where they are too large to be sent.
    """
    for number, file in read_attachments(raw, content_ids):
        _add(
            draft,
            filename=file.filename,
            content_type=file.content_type,
            content=file.content,
            content_id=content_ids[number],
        )


def _add(
    draft: OutgoingEmail, *, filename: str, content_type: str, content: bytes, content_id: str = ""
) -> OutgoingAttachment:
    check_file_fits(draft, filename=filename, size=len(content))
    declared = content_type.strip().lower()
    return OutgoingAttachment.objects.create(
        email=draft,
        team_id=draft.team_id,
        filename=safe_filename(filename, fallback="file"),
        content_type=declared if _CONTENT_TYPE.fullmatch(declared) else "application/octet-stream",
        size=len(content),
        content=content,
        content_id=content_id,
    )


def new_content_id() -> str:
    """Return a name for a picture that no other has."""
    return f"{new_id().hex}@picture.letterbook"


def pictures_of(email: OutgoingEmail) -> tuple[str, ...]:
    """Return the content ids of the pictures that the text of an email may show."""
    pictures = email.attachments.exclude(content_id="").order_by("id")
    return tuple(pictures.values_list("content_id", flat=True))


def find_file(
    member: Membership, email: OutgoingEmail, *, attachment_id: UUID
) -> OutgoingAttachment:
    """Return a file of an email with its bytes, for those who may read the email; raise `NotFound`."""
    seen = OutgoingEmail.objects.visible_to(member).filter(pk=email.pk).first()
    if seen is None or not seen.may_read_content:
        raise NotFound("There is no such email.")
    found = seen.attachments.filter(pk=attachment_id).first()
    if found is None:
        raise NotFound("This email has no such file.")
    return found


@transaction.atomic
def remove_file(
    member: Membership, email: OutgoingEmail, *, attachment_id: UUID, at: datetime
) -> None:
    """Take a file away from a draft; raise `NotFound` when it has no such file."""
    draft = lock_draft(member, email)
    removed, _ = draft.attachments.filter(pk=attachment_id).delete()
    if not removed:
        raise NotFound("This email has no such file.")
    OutgoingEmail.objects.filter(pk=draft.pk).update(updated_at=at)


def copy_files(original: OutgoingEmail, copy: OutgoingEmail) -> None:
    """Give another email the same files, one at a time: together they may not fit into memory twice."""
    for attachment in original.attachments.iterator(chunk_size=1):
        attachment.pk = new_id()
        attachment.email = copy
        attachment.save(force_insert=True)
