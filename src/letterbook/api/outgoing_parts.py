"""What belongs to an outgoing email beside its text: files, and the records it is about."""

from __future__ import annotations

from hashlib import file_digest
from uuid import UUID

from django.utils import timezone
from ninja import File, Router, Status
from ninja.files import UploadedFile

from letterbook.api.outgoing_finding import act_once, find_outgoing
from letterbook.api.outgoing_given import RegardingGiven
from letterbook.api.outgoing_shapes import (
    OutgoingFile,
    OutgoingInFull,
    RegardingShown,
    show_files,
    show_regarding,
)
from letterbook.api.shapes import Text, answers
from letterbook.api.tokens import TokenRequest
from letterbook.outgoing.attaching import (
    attach_file,
    attach_picture,
    remove_file,
)
from letterbook.outgoing.fitting import check_file_fits
from letterbook.outgoing.models import OutgoingEmail
from letterbook.outgoing.regarding import link_subject, unlink_subject

router = Router(tags=["outgoing emails"])


@router.get(
    "/outgoing-emails/{email_id}/attachments",
    response=answers(list[OutgoingFile]),
    operation_id="list_outgoing_files",
)
def get_attachments(request: TokenRequest, email_id: UUID) -> list[OutgoingFile]:
    """The files that go with an email, for those who may read it."""
    return show_files(find_outgoing(request.auth, email_id))


@router.post(
    "/outgoing-emails/{email_id}/attachments",
    response=answers(OutgoingInFull, status=201),
    operation_id="attach_outgoing_file",
)
def post_attachment(
    request: TokenRequest, email_id: UUID, file: File[UploadedFile], as_picture: bool = False
) -> Status[OutgoingInFull]:
    """Attach a file to a draft; as a picture it gets a content id, which the text shows by `cid:`."""
    member, digest = request.auth, file_digest(file, "sha256").hexdigest()
    name, kind = file.name or "file", file.content_type or ""

    def attach() -> OutgoingEmail:
        email, at = find_outgoing(member, email_id), timezone.now()
        check_file_fits(email, filename=name, size=file.size or 0)
        file.seek(0)
        content = bytes(file.read())
        if as_picture:
            attach_picture(member, email, filename=name, content=content, at=at)
        else:
            attach_file(member, email, filename=name, content_type=kind, content=content, at=at)
        return email

    said = f"{name}\n{kind}\n{digest}".encode("utf-8", "surrogateescape")
    return Status(201, act_once(request, attach, content=said))


@router.delete(
    "/outgoing-emails/{email_id}/attachments/{attachment_id}",
    response=answers(None, status=204),
    operation_id="remove_outgoing_file",
)
def delete_attachment(request: TokenRequest, email_id: UUID, attachment_id: UUID) -> Status[None]:
    """Take a file away from a draft."""
    member = request.auth
    email = find_outgoing(member, email_id)
    remove_file(member, email, attachment_id=attachment_id, at=timezone.now())
    return Status(204, None)


@router.get(
    "/outgoing-emails/{email_id}/regarding",
    response=answers(list[RegardingShown]),
    operation_id="list_regarding",
)
def get_regarding(request: TokenRequest, email_id: UUID) -> list[RegardingShown]:
    """The records that an email is about."""
    return show_regarding(find_outgoing(request.auth, email_id))


@router.post(
    "/outgoing-emails/{email_id}/regarding",
    response=answers(OutgoingInFull, status=201),
    operation_id="add_regarding",
)
def post_regarding(
    request: TokenRequest, email_id: UUID, given: RegardingGiven
) -> Status[OutgoingInFull]:
    """Say that an email, in any status, is about a record; saying it twice is the same as once."""
    member = request.auth

    def link() -> OutgoingEmail:
        email = find_outgoing(member, email_id)
        link_subject(
            member,
            email,
            subject_type=given.subject_type,
            subject_id=given.subject_id,
            label=given.label,
            url=given.url,
            at=timezone.now(),
        )
        return email

    return Status(201, act_once(request, link))


@router.delete(
    "/outgoing-emails/{email_id}/regarding",
    response=answers(None, status=204),
    operation_id="remove_regarding",
)
def delete_regarding(
    request: TokenRequest, email_id: UUID, subject_type: Text, subject_id: Text
) -> Status[None]:
    """Take a record away from an email; its id may hold anything, so it is no part of the path."""
    member = request.auth
    email = find_outgoing(member, email_id)
    unlink_subject(member, email, subject_type=subject_type, subject_id=subject_id)
    return Status(204, None)
