"""What the composer asks while one writes: to keep the draft, and whom a few letters may mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.timezone import localtime, now
from django.views.decorators.http import require_GET, require_POST

from letterbook.contacts.reading import look_up
from letterbook.contacts.words import fold
from letterbook.kit.refusals import Conflict, Invalid, NotAllowed
from letterbook.mailboxes.models import Mailbox
from letterbook.mime.addresses import BadAddress, check_address
from letterbook.mime.typed_addresses import split_typed
from letterbook.outgoing.bringing_back import bring_back_draft
from letterbook.outgoing.drafts import duplicate
from letterbook.outgoing.models import OutgoingEmail
from letterbook.outgoing.status import Status
from letterbook.teams.models import Membership
from letterbook.web.composing import pictures_address
from letterbook.web.differing import differences, is_kept_already
from letterbook.web.once import create_once
from letterbook.web.pages.composer import create_from, find_writable, keep_draft
from letterbook.web.requests import MemberRequest, member_required
from letterbook.web.typed import ADDRESS_FIELDS, Typed, read_typed, typed_of

MOST_SUGGESTED = 8


@require_POST
@member_required
def begin_draft(request: MemberRequest) -> JsonResponse:
    """Keep a new email for the first time."""
    typed = read_typed(request)

    def keep(usable: Typed) -> OutgoingEmail:
        return create_once(request, usable.key, lambda: create_from(request.member, usable))

    return _answer(request, typed, keep)


@require_POST
@member_required
def save_draft(request: MemberRequest, pk: UUID) -> JsonResponse:
    """Keep a draft that is being written."""
    email = find_writable(request.member, pk)
    return _answer(request, read_typed(request), lambda usable: _keep(request, email, usable))


def _keep(request: MemberRequest, email: OutgoingEmail, typed: Typed) -> OutgoingEmail:
    try:
        return keep_draft(request.member, email, typed)
    except Conflict:
        newest = find_writable(request.member, email.pk)
        if newest.status != Status.DRAFT or not is_kept_already(typed, newest):
            raise
        return newest


@require_GET
@member_required
def renew_token(request: MemberRequest) -> JsonResponse:
    """Return a new token for forms whose page outlived its session, and whose session it is now."""
    return JsonResponse({"token": get_token(request), "member": str(request.member.pk)})


@require_POST
@member_required
def bring_back(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Take back that a draft was discarded, and open it."""
    draft = bring_back_draft(request.member, pk, at=now())
    return redirect("edit-email", draft.pk)


def _answer(
    request: MemberRequest, typed: Typed, keep: Callable[[Typed], OutgoingEmail]
) -> JsonResponse:
    usable, is_all = _without_unfinished(typed)
    try:
        email = keep(usable)
    except Conflict as refused:
        return JsonResponse(_changed(request, refused, typed), status=409)
    except (Invalid, NotAllowed) as refused:
        return JsonResponse({"message": f"not saved: {refused}"}, status=422)
    when = localtime(now()).strftime("%H:%M:%S")
    edit = reverse("edit-email", args=[email.pk])
    return JsonResponse(
        {
            "saved_at": when if is_all else f"{when}, without the unfinished address",
            "version": email.version,
            "draft": str(email.pk),
            "autosave_url": reverse("save-draft", args=[email.pk]),
            "files_url": reverse("attach-file", args=[email.pk]),
            "pictures_url": pictures_address(email),
            "action_url": edit,
        }
        | ({"page_url": edit} if request.POST.get("page") else {})
    )


def _changed(request: MemberRequest, refused: Conflict, typed: Typed) -> dict[str, str]:
    """Return what to say when another window was quicker: what it changed, and the ways on."""
    if refused.code != "StaleVersion" or request.resolver_match is None:
        return {"message": f"not saved: {refused} {refused.way_out}".strip()}
    email = find_writable(request.member, request.resolver_match.kwargs["pk"])
    context = {"email": email, "differences": differences(typed, typed_of(email))}
    notice = render_to_string("web/composer/changed.html", context)
    return {"message": "not saved: changed in another window", "notice": notice}


def _without_unfinished(typed: Typed) -> tuple[Typed, bool]:
    """Leave out the addresses that are none yet: the text must be kept while they are typed."""
    kept = {name: _finished(getattr(typed.text, name)) for name in ADDRESS_FIELDS}
    is_all = all(len(kept[name]) == len(split_typed(getattr(typed.text, name))) for name in kept)
    to, cc, bcc = (", ".join(kept[name]) for name in ADDRESS_FIELDS)
    return replace(typed, text=replace(typed.text, to=to, cc=cc, bcc=bcc)), is_all


def _finished(line: str) -> list[str]:
    return [piece for piece in split_typed(line) if _is_address(piece)]


def _is_address(piece: str) -> bool:
    try:
        check_address(piece)
    except BadAddress:
        return False
    return True


@require_POST
@member_required
def duplicate_email(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Write an email anew with the same words, people and files."""
    copy = duplicate(request.member, find_writable(request.member, pk), at=now())
    return redirect("edit-email", copy.pk)


@require_GET
@member_required
def suggest_recipients(request: MemberRequest) -> JsonResponse:
    """Return contacts and team-mates whom the letters typed so far may mean."""
    typed = request.GET.get("q", "")[:200]
    mates = _team_mates(request.member, fold(typed))
    found = look_up(request.member, typed, limit=MOST_SUGGESTED, only_with_address=True)
    people = [{"name": one.name, "email": one.address, "is_team": False} for one in found]
    return JsonResponse({"suggestions": (people + mates)[:MOST_SUGGESTED]})


def _team_mates(member: Membership, typed: str) -> list[dict[str, str | bool]]:
    if not typed:
        return []
    boxes = Mailbox.objects.visible_to(member).select_related("owner").order_by("address_key")
    return [
        {"name": str(box.owner), "email": box.address, "is_team": True}
        for box in boxes
        if any(word.startswith(typed) for word in [*fold(str(box.owner)).split(), box.address_key])
    ]
