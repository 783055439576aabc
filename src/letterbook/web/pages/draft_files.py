"""The files of a draft, one request each: attached as soon as they are chosen, shown, taken away."""

from __future__ import annotations

from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.http import content_disposition_header
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_POST

from letterbook.kit.refusals import Conflict, Invalid, NotFound
from letterbook.outgoing.attaching import (
    attach_file,
    attach_picture,
    find_file,
    remove_file,
)
from letterbook.outgoing.fitting import check_file_fits
from letterbook.outgoing.models import OutgoingAttachment, OutgoingEmail
from letterbook.web.middleware import status_of
from letterbook.web.pages.composer import find_writable
from letterbook.web.pages.message import FILE_POLICY, PICTURES
from letterbook.web.requests import MemberRequest, member_required

_PRIVATE = {"Cache-Control": "private, max-age=3600", "X-Content-Type-Options": "nosniff"}


@require_POST
@member_required
def attach(request: MemberRequest, pk: UUID) -> JsonResponse:
    """Attach one file to a draft; with `is_inline`, a picture of its text."""
    email = find_writable(request.member, pk)
    try:
        attached = _attach(request, email, _chosen(request))
    except (Invalid, Conflict) as refused:
        message = f"{refused} {refused.way_out}".strip()
        return JsonResponse({"message": message}, status=status_of(refused))
    shown = render_to_string("web/composer/file.html", {"file": attached, "email": email})
    return JsonResponse({"content_id": attached.content_id, "html": shown})


def _chosen(request: MemberRequest) -> UploadedFile[bytes]:
    upload = request.FILES.get("file")
    if upload is None:
        raise Invalid("No file arrived.", way_out="Choose it again.", field="file")
    return upload


def _attach(
    request: MemberRequest, email: OutgoingEmail, upload: UploadedFile[bytes]
) -> OutgoingAttachment:
    name, at = request.POST.get("name") or upload.name or "file", now()
    check_file_fits(email, filename=name, size=upload.size or 0)
    content = upload.read()
    if request.POST.get("is_inline"):
        return attach_picture(request.member, email, filename=name, content=content, at=at)
    kind = upload.content_type or ""
    return attach_file(
        request.member, email, filename=name, content_type=kind, content=content, at=at
    )


@require_POST
@member_required
def remove(request: MemberRequest, pk: UUID, attachment: UUID) -> JsonResponse:
    """Take a file away from a draft."""
    email = find_writable(request.member, pk)
    remove_file(request.member, email, attachment_id=attachment, at=now())
    return JsonResponse({})


@require_GET
@member_required
def show(request: MemberRequest, pk: UUID, attachment: UUID) -> HttpResponse:
    """Return a file of a draft as a download."""
    email = find_writable(request.member, pk)
    return _as_file(find_file(request.member, email, attachment_id=attachment), is_shown=False)


@require_GET
@member_required
def picture(request: MemberRequest, pk: UUID, content_id: str) -> HttpResponse:
    """Return a picture of a draft's text, to be shown in it."""
    email = find_writable(request.member, pk)
    found = email.attachments.filter(content_id=content_id).exclude(content_id="").first()
    if found is None or found.content_type not in PICTURES:
        raise NotFound("This email has no such picture.")
    return _as_file(found, is_shown=True)


def _as_file(file: OutgoingAttachment, *, is_shown: bool) -> HttpResponse:
    kind = file.content_type if is_shown else "application/octet-stream"
    response = HttpResponse(bytes(file.content), content_type=kind, headers=_PRIVATE)
    response["Content-Security-Policy"] = FILE_POLICY
    response["Content-Disposition"] = content_disposition_header(not is_shown, file.filename) or ""
    return response
