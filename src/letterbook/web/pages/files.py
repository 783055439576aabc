"""A file that came with an email, shown before anybody downloads it."""

from __future__ import annotations

import base64
from collections.abc import Callable
from uuid import UUID

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from letterbook.correspondence.conversations import find_readable_message
from letterbook.correspondence.downloading import download_file
from letterbook.correspondence.previewing import Kind, draw_page, kind_of, preview_of
from letterbook.kit.refusals import NotFound
from letterbook.mime.addresses import Address
from letterbook.mime.attachments import AttachmentContent
from letterbook.mime.charsets import decode_html
from letterbook.mime.html import safe_html
from letterbook.mime.html_folding import fold_html
from letterbook.mime.parsing import ParsedMessage, parse_message, read_attachment, read_html
from letterbook.web.pages.message import PICTURES, as_file, sealed_frame
from letterbook.web.requests import MemberRequest, member_required, render_page

_LARGEST_WITHIN = 1_000_000


@require_GET
@member_required
def file(request: MemberRequest, pk: UUID, number: int) -> HttpResponse:
    """Show a file of a message as a page of its own, as far as it can be shown."""
    email = find_readable_message(request.member, pk)
    content = download_file(request.member, pk, number=number)
    preview = preview_of(content)
    context = {
        "message": email,
        "number": number,
        "file": content,
        "size": len(content.content),
        "preview": preview,
        "pages": range(preview.page_count),
        "people": _people(preview.email) if preview.email else (),
    }
    return render_page(request, "web/conversation/file.html", context)


def _people(email: ParsedMessage) -> list[tuple[str, str]]:
    """Return who is named in an email, as its header lines say it."""
    roles = {"From": (email.from_,), "To": email.to, "Cc": email.cc}
    lines = [(role, ", ".join(map(_named, people))) for role, people in roles.items()]
    return [(role, names) for role, names in lines if names]


def _named(person: Address) -> str:
    return f"{person.name} <{person.email}>" if person.name else person.email


@require_GET
@member_required
def file_page(request: MemberRequest, pk: UUID, number: int, page: int) -> HttpResponse:
    """Return a page of a PDF file as a picture."""
    drawn = draw_page(download_file(request.member, pk, number=number), page)
    return as_file(drawn, filename=f"{page + 1}.png", content_type="image/png", is_shown=True)


@require_GET
@member_required
def file_frame(request: MemberRequest, pk: UUID, number: int) -> HttpResponse:
    """Return the HTML of a file, or of an email that is one, for a sealed frame; it loads nothing from outside."""
    content = download_file(request.member, pk, number=number)
    kind = kind_of(content.content_type, content.filename)
    if kind == Kind.HTML:
        safe = safe_html(decode_html(content.content, ""), inline_image_url=lambda _: None)
    elif kind == Kind.EMAIL and (html := read_html(content.content)):
        safe = safe_html(fold_html(html), inline_image_url=_pictures_within(content))
    else:
        raise NotFound("This file has no HTML.")
    return sealed_frame(request, safe, with_images=True)


def _pictures_within(email: AttachmentContent) -> Callable[[str], str | None]:
    """Return a way to the pictures of an email that is itself a file: within its HTML, as they have no address."""
    by_id = {part.content_id: part for part in parse_message(email.content).attachments}

    def within(content_id: str) -> str | None:
        part = by_id.get(content_id)
        if part is None or part.content_type not in PICTURES or part.size > _LARGEST_WITHIN:
            return None
        content = read_attachment(email.content, part.number).content
        return f"data:{part.content_type};base64,{base64.b64encode(content).decode('ascii')}"

    return within
