"""Sharing one's own mail with a contact or in a conversation; asking to read, and answering who asks."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_POST

from letterbook.contacts.models import Contact
from letterbook.correspondence.admissions import Answer
from letterbook.correspondence.sharing import choosing
from letterbook.correspondence.sharing.admitting import end_admission
from letterbook.correspondence.sharing.asking import answer_request, ask_to_read
from letterbook.correspondence.sharing.glass import notice_glass
from letterbook.kit.refusals import Invalid
from letterbook.mailboxes.keeping import propose_sharing
from letterbook.mailboxes.models import Sharing
from letterbook.outgoing.keeping_private import share_contact_and_unsent
from letterbook.web.pages.contact import find_contact
from letterbook.web.requests import MemberRequest, member_required
from letterbook.web.sharing_control import chosen_level
from letterbook.web.way_back import way_back


@require_POST
@member_required
def share_contact(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Share one's own mail with a contact more or less than the rest."""
    found, level = find_contact(request, pk), chosen_level(request.POST.get("sharing", ""))
    share_contact_and_unsent(request.member, found, level=level, at=now())
    messages.success(request, f"Your mail with {found} is shared {_words(level)} now.")
    return redirect("contact", pk)


@require_POST
@member_required
def share_conversation(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Share one's own part of a conversation more or less than the rest."""
    choosing.check_own_part(request.member, pk)
    level = chosen_level(request.POST.get("sharing", ""))
    choosing.share_thread(request.member, pk, level=level, at=now())
    messages.success(request, f"Your part of this conversation is shared {_words(level)} now.")
    return redirect("conversation", pk)


@require_POST
@member_required
def ask(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Ask the owners of a conversation to let one read it."""
    asked = request.POST.get("contact", "")
    contact = Contact.objects.visible_to(request.member).filter(pk__in=_ids(asked)).first()
    requests = ask_to_read(request.member, pk, contact=contact, at=now())
    names = " and ".join(sorted({str(one.mailbox.owner) for one in requests}))
    messages.success(request, f"{names} sees that you ask, and answers once.")
    return redirect(way_back(request) or reverse("conversation", args=[pk]))


@require_POST
@member_required
def answer(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Say to somebody who asks how much of one's mail they may read."""
    wanted = request.POST.get("answer", "")
    if wanted not in Answer.values:
        raise Invalid("Choose an answer.", field="answer")
    answered = answer_request(request.member, pk, answer=Answer(wanted), at=now())
    said = "reads no more than before" if wanted == Answer.NO else "may read it now"
    messages.success(request, f"{answered.asked_by} {said}.")
    return redirect(way_back(request) or reverse("today"))


@require_POST
@member_required
def end(request: MemberRequest, pk: UUID) -> HttpResponse:
    """End that somebody may see more."""
    ended = end_admission(request.member, pk, at=now())
    messages.success(request, f"{ended.user} sees what the team sees, from now on.")
    return redirect(way_back(request) or reverse("mailbox", args=[ended.mailbox_id]))


@require_POST
@member_required
def notice(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Keep that one has read who broke the glass of one's mailbox."""
    notice_glass(request.member, pk, at=now())
    return redirect("today")


@require_POST
@member_required
def propose(request: MemberRequest) -> HttpResponse:
    """Choose what is proposed to whoever of the team connects a mailbox."""
    level = chosen_level(request.POST.get("sharing", ""))
    propose_sharing(request.member, sharing=level, at=now())
    word = f"“{level.label.lower()}”" if level is not None else "nothing"
    messages.success(request, f"Whoever connects a mailbox is proposed {word} from now on.")
    return redirect("team")


def _words(level: Sharing | None) -> str:
    return "as your mailbox is" if level is None else f"as “{level.label.lower()}”"


def _ids(text: str) -> list[UUID]:
    try:
        return [UUID(text)]
    except ValueError:
        return []
