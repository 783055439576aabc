"""A conversation, and the answer one writes under it."""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_POST

from letterbook.contacts.models import ContactAddress
from letterbook.correspondence.conversations import (
    Conversation,
    Letter,
    find_message,
    find_readable_message,
    read_conversation,
)
from letterbook.correspondence.later_facts import later_facts_of
from letterbook.correspondence.models import Message
from letterbook.correspondence.opened import opened_by
from letterbook.mailboxes.models import Mailbox
from letterbook.mime.addresses import address_key
from letterbook.outgoing.models import OutgoingEmail
from letterbook.outgoing.replying import draft_forward, draft_reply
from letterbook.outgoing.status import Status
from letterbook.pictures.welcoming import welcome_among
from letterbook.web.composing import composer_context
from letterbook.web.file_links import file_url
from letterbook.web.letters import show_letter
from letterbook.web.outgoing_rows import OutgoingRow, outgoing_of, show_row
from letterbook.web.pages.composer import find_writable
from letterbook.web.requests import MemberRequest, member_required, render_page
from letterbook.web.senders import senders_of
from letterbook.web.sharing_control import asking_for, control_of_thread
from letterbook.web.typed import typed_of
from letterbook.web.who_is_who import WhoIsWho, who_is_who

# Shown open: the newest few; what came before is a line each.
OPEN_LETTERS = 3
# Shown closed before the first open one; what came before those is folded.
CLOSED_LETTERS = 2


@require_GET
@member_required
def conversation(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Show a conversation; to htmx only its letters."""
    found = read_conversation(request.member, pk)
    who = who_is_who(request.member)
    context = {
        **_letters(request, found, who),
        **_people(request, found, who),
        **({} if request.member.looking_as else _answer(request, found)),
        "sharing": control_of_thread(request.member, pk),
        "asking": asking_for(request.member, pk, is_partly_hidden=found.is_partly_hidden),
    }
    return render_page(
        request,
        "web/conversation/page.html",
        context,
        fragment="web/conversation/letters.html",
    )


@require_GET
@member_required
def message(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Lead a permanent link to its place in the conversation, opened there."""
    found = find_message(request.member, pk)
    address = reverse("conversation", args=[found.thread_id])
    return redirect(f"{address}?open={found.pk}#m-{found.pk}")


def _letters(request: MemberRequest, found: Conversation, who: WhoIsWho) -> dict[str, Any]:
    asked = request.GET.get("open", "")
    # Ids grow with time: what is above the newest one of when the page was opened came since.
    seen = request.GET.get("seen", "") or max(str(one.seen.id) for one in found.letters)
    asked_again = request.GET.copy()
    asked_again["seen"] = seen
    newest = {str(one.seen.id) for one in found.letters[-OPEN_LETTERS:]}
    facts = later_facts_of([one.seen.id for one in found.letters], member=request.member)
    senders = {_sender_key(one) for one in found.letters if one.has_html}
    readers = opened_by(request.member, [one.seen.id for one in found.letters])
    welcome = welcome_among(request.member, senders) if senders else set()
    shown = [
        show_letter(
            one,
            who,
            is_open=asked == "all" or str(one.seen.id) in newest | {asked},
            is_new=str(one.seen.id) > seen,
            facts=facts.get(one.seen.id, ()),
            is_welcome=_sender_key(one) in welcome,
            opened=readers.get(one.seen.id, ()),
        )
        for one in found.letters
    ]
    first_shown = next((n for n, one in enumerate(shown) if one.is_open), len(shown) - 1)
    earlier = shown[: max(0, first_shown - CLOSED_LETTERS)]
    return {
        "conversation": found,
        "asked_again": asked_again.urlencode(),
        "earlier": earlier if len(earlier) > 1 else [],
        "letters": shown[len(earlier) :] if len(earlier) > 1 else shown,
        "count": len(shown),
        "subject": found.subject or "(no subject)",
        "since": found.letters[0].seen.occurred_at,
        "is_all_open": all(one.is_open or one.locked for one in shown),
        "pending": _pending(request, found, who),
    }


def _pending(request: MemberRequest, found: Conversation, who: WhoIsWho) -> list[OutgoingRow]:
    """Return the answers that are on their way, or failed and wait for a decision."""
    is_open = Q(status=Status.QUEUED) | Q(status=Status.FAILED, resolved_at=None)
    answers = outgoing_of(request.member).filter(is_open, answers__thread_id=found.thread_id)
    at = now()
    return [
        show_row(one, member=request.member, who=who, at=at)
        for one in answers.order_by("queued_at", "id")
    ]


def _people(request: MemberRequest, found: Conversation, who: WhoIsWho) -> dict[str, Any]:
    keys = {address_key(one.address) for one in found.participants}
    rows = ContactAddress.objects.visible_to(request.member).filter(key__in=keys)
    contacts = {row.key: row.contact for row in rows.select_related("contact")}
    counts = Counter(_sender_key(letter) for letter in found.letters)
    people = [
        {
            "name": who.full(one.name, one.address),
            "address": one.address,
            "is_team": who.is_team(one.address),
            "contact": contacts.get(address_key(one.address)),
            "count": counts[address_key(one.address)],
        }
        for one in found.participants
    ]
    first = next((one["contact"] for one in people if one["contact"]), None)
    return {"people": people, "first_contact": first, "files": _files(found)}


def _sender_key(letter: Letter) -> str:
    return next((address_key(one.address) for one in letter.seen.people if one.role == "from"), "")


def _files(found: Conversation) -> list[dict[str, Any]]:
    return [
        {"file": file, "moment": letter.seen.occurred_at, "url": file_url(letter.seen.id, file)}
        for letter in reversed(found.letters)
        for file in letter.seen.files
        if not file.is_inline
    ]


def _answer(request: MemberRequest, found: Conversation) -> dict[str, Any]:
    """Return the viewer's own unfinished answer with its composer, or what an answer could be given to."""
    readable = [one for one in found.letters if one.seen.may_read_content]
    drafts = OutgoingEmail.objects.writable_by(request.member).filter(
        status=Status.DRAFT, author=request.member.user, answers__thread_id=found.thread_id
    )
    begun = drafts.order_by("-updated_at", "-id").first()
    if begun is None:
        return {"answered": readable[-1].seen if readable else None}
    draft = find_writable(request.member, begun.pk)
    typed = typed_of(draft).with_back(reverse("conversation", args=[found.thread_id]))
    return {"answered": None, **composer_context(request.member, draft, typed)}


@require_POST
@member_required
def reply(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Begin an answer to a message, and show it under the conversation."""
    answered = find_readable_message(request.member, pk)
    mailbox = _mailbox_for(request, answered)
    if mailbox is None:
        messages.warning(request, "Connect a mailbox first: answers are sent from your own.")
        return redirect("mailboxes")
    to_all = "everyone" in request.POST
    draft_reply(request.member, answered, to_all=to_all, mailbox=mailbox, at=now())
    return redirect(f"{reverse('conversation', args=[answered.thread_id])}#reply")


@require_POST
@member_required
def forward(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Begin to pass a message on with its files, on a page of its own."""
    passed_on = find_readable_message(request.member, pk)
    mailbox = _mailbox_for(request, passed_on)
    if mailbox is None:
        messages.warning(request, "Connect a mailbox first: email is passed on from your own.")
        return redirect("mailboxes")
    draft = draft_forward(request.member, passed_on, mailbox=mailbox, at=now())
    return redirect("edit-email", draft.pk)


def _mailbox_for(request: MemberRequest, answered: Message) -> Mailbox | None:
    """Return the mailbox the message came to, where the person has it and it works, else their usual one."""
    senders = senders_of(request.member)
    usable = [one for one in senders if not one.problem] or senders
    holding = set(answered.copies.values_list("mailbox_id", flat=True))
    ordered = sorted(usable, key=lambda one: one.mailbox.pk not in holding)
    return ordered[0].mailbox if ordered else None
