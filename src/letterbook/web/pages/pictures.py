"""Remote pictures of an email, through us: an email's frame never asks anybody else for anything."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.signing import BadSignature, Signer
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_POST

from letterbook.correspondence.conversations import find_readable_message
from letterbook.kit.refusals import NotFound
from letterbook.mime.addresses import address_key
from letterbook.pictures.keeping import remote_picture as fetch_or_find
from letterbook.pictures.welcoming import no_longer_welcome, welcome
from letterbook.web.requests import MemberRequest, member_required

_POLICY = "default-src 'none'; sandbox"


def remote_picture_url(pk: UUID, url: str) -> str:
    """Return our own address of a picture that this email names; nobody else can make us fetch anything."""
    return f"{reverse('remote-picture', args=[pk])}?{urlencode({'of': _signer(pk).sign(url)})}"


@require_GET
@member_required
def remote_picture(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Return a remote picture of an email that this person may read."""
    email = find_readable_message(request.member, pk)
    try:
        url = _signer(email.pk).unsign(request.GET.get("of", ""))
    except BadSignature as error:
        raise NotFound("There is no such picture in this email.") from error
    picture = fetch_or_find(request.member, url, at=now())
    headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": _POLICY}
    return HttpResponse(picture.content, content_type=picture.content_type, headers=headers)


def _signer(pk: UUID) -> Signer:
    return Signer(salt=f"remote picture of {pk}")


@require_POST
@member_required
def always_show(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Always show this person the pictures of this email's sender; with `stop`, ask each time again."""
    email = find_readable_message(request.member, pk)
    key, sender = address_key(email.from_address), email.from_address
    if "stop" in request.POST:
        no_longer_welcome(request.member, key)
        messages.success(request, f"Images from {sender} are loaded when you ask for them.")
    else:
        welcome(request.member, key)
        messages.success(request, f"Images from {sender} are shown to you from now on.")
    return redirect("message", email.pk)
