"""What a message is made of: its HTML in a sealed frame, its files, its exact source."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET

from letterbook.correspondence.conversations import find_readable_message
from letterbook.correspondence.downloading import download_file, download_source
from letterbook.correspondence.openings import How
from letterbook.mime.html import SafeHtml, safe_html
from letterbook.mime.html_folding import fold_html
from letterbook.mime.parsing import ParsedMessage, parse_message, read_html
from letterbook.pictures.welcoming import is_welcome
from letterbook.web.frames import FRAME_POLICY, frame_document
from letterbook.web.pages.pictures import remote_picture_url
from letterbook.web.requests import MemberRequest, member_required, render_page
from letterbook.web.templatetags.letterbook import chosen_theme

# Drawn by browsers without running anything; SVG can hold scripts and is not among them.
PICTURES = {"image/png", "image/jpeg", "image/gif", "image/webp"}
# A file that a browser opens after all finds nothing it may do.
FILE_POLICY = "default-src 'none'; sandbox"
SHOWN_OF_SOURCE = 500_000
PRIVATE = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}


@require_GET
@member_required
def letter_frame(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Return a message's HTML, made safe, for the frame it is shown in.

    Remote images are in it with ?images=1, or where their sender's are always shown to this person.
    """
    source = download_source(request.member, pk, how=How.PAGE)
    parsed = parse_message(source)
    with_images = request.GET.get("images") == "1" or is_welcome(request.member, parsed.from_.key)
    safe = safe_html(
        fold_html(read_html(source) or ""),
        inline_image_url=partial(_inline_picture, pk, parsed),
        remote_image_url=partial(remote_picture_url, pk) if with_images else None,
    )
    return sealed_frame(request, safe, with_images=with_images)


def sealed_frame(request: MemberRequest, safe: SafeHtml, *, with_images: bool) -> HttpResponse:
    """Return an email's HTML as the document of a frame from which nothing gets out."""
    theme = chosen_theme(request)
    document = frame_document(safe, with_images=with_images, theme=theme)
    response = HttpResponse(document, headers=PRIVATE)
    response["Content-Security-Policy"] = FRAME_POLICY
    response["Referrer-Policy"] = "no-referrer"
    return response


def _inline_picture(pk: UUID, parsed: ParsedMessage, content_id: str) -> str | None:
    """Return the address of the picture of this message with this Content-ID; never of another message."""
    for part in parsed.attachments:
        if part.content_id == content_id and part.content_type in PICTURES:
            return reverse("attachment", args=[pk, part.number]) + "?inline=1"
    return None


@require_GET
@member_required
def attachment(request: MemberRequest, pk: UUID, number: int) -> HttpResponse:
    """Return a file of a message as a download; a picture, when asked, as a picture."""
    is_inline = request.GET.get("inline") == "1"
    how = How.PAGE if is_inline else How.FILE
    file = download_file(request.member, pk, number=number, how=how)
    is_picture = file.content_type in PICTURES
    is_shown = is_picture and is_inline
    return as_file(
        file.content,
        filename=file.filename,
        content_type=file.content_type if is_picture else "application/octet-stream",
        is_shown=is_shown,
    )


def as_file(
    content: bytes, *, filename: str, content_type: str, is_shown: bool = False
) -> HttpResponse:
    """Return bytes from outside as a file that no browser runs anything of."""
    response = HttpResponse(content, content_type=content_type, headers=PRIVATE)
    response["Content-Security-Policy"] = FILE_POLICY
    response["Content-Disposition"] = content_disposition_header(not is_shown, filename) or ""
    return response


@require_GET
@member_required
def source(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Return a message's exact bytes: to be read here, or with ?download=1 as a file."""
    raw = download_source(request.member, pk)
    if request.GET.get("download") == "1":
        return as_file(raw, filename=f"{pk}.eml", content_type="application/octet-stream")
    context = {
        "message": find_readable_message(request.member, pk),
        "text": raw[:SHOWN_OF_SOURCE].decode("utf-8", "replace").replace("\0", "\ufffd"),
        "size": len(raw),
        "is_cut": len(raw) > SHOWN_OF_SOURCE,
    }
    return render_page(request, "web/conversation/source.html", context)
