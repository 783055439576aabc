"""One of one's own mailboxes: what is shared, whose mail is kept, what could not be read, and ending it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_POST

from letterbook.correspondence.models import LedgerState, MailboxMessage, SkipReason
from letterbook.correspondence.sharing.glass import open_glass
from letterbook.incoming.dismissing import is_newer_parser_here
from letterbook.incoming.models import RetrievalRun
from letterbook.incoming.removals import choose_removed_mail
from letterbook.incoming.replaying import replay_quarantine
from letterbook.incoming.requesting import request_retrieval
from letterbook.kit.refusals import Invalid
from letterbook.mailboxes import keeping
from letterbook.mailboxes.models import Kind, Mailbox, Sharing, StoringPolicy
from letterbook.outgoing.leaving import leave_mailbox
from letterbook.outgoing.pausing import pause_queue, resume_queue
from letterbook.web.pages.mailboxes import read_rows
from letterbook.web.requests import MemberRequest, member_required, render_page
from letterbook.web.retrievals import lines_of
from letterbook.web.way_back import way_back

_MEANINGS = {
    Sharing.PRIVATE: "Only you. Counts leave you out, too; but contacts belong to the whole team.",
    Sharing.METADATA: "That there is an email, with whom and when.",
    Sharing.SUBJECT: "The same, with the subject line.",
    Sharing.FULL: "The whole email and its files.",
}
SHARING_WORDS = tuple((level, level.label, meaning) for level, meaning in _MEANINGS.items())
_SHOWN_QUARANTINED = 50
_SHOWN_RUNS = 10
_READ_RUNS = 100


@member_required
@require_GET
def mailbox(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Show one mailbox; what can be changed about it only to its owner."""
    get_object_or_404(Mailbox.objects.visible_to(request.member), pk=pk)
    row = read_rows(request.member, only=pk)[0]
    ledger = MailboxMessage.objects.visible_to(request.member).filter(mailbox_id=pk)
    quarantined = ledger.filter(state=LedgerState.QUARANTINED).order_by("-listed_at", "-id")
    runs = RetrievalRun.objects.visible_to(request.member).filter(mailbox_id=pk)
    context = {
        "row": row,
        "mailbox": row.mailbox,
        "sharing_words": SHARING_WORDS,
        "policies": StoringPolicy.choices,
        "skipped": _in_words(row.coverage.skipped) if row.coverage else [],
        "quarantined": quarantined[:_SHOWN_QUARANTINED],
        "is_newer_parser_here": row.is_mine and is_newer_parser_here(row.mailbox),
        "runs": lines_of(runs.order_by("-started_at", "-id")[:_READ_RUNS], at_most=_SHOWN_RUNS),
        "runs_title": "Imports" if row.mailbox.kind == Kind.IMPORT else "Latest retrievals",
        "may_stop": row.is_mine or request.member.may_administer,
        "glass": None if row.is_mine else open_glass(request.member, row.mailbox),
        "role": request.member.get_role_display().lower(),
    }
    return render_page(request, "web/mailbox.html", context, fragment="web/mailbox_parts.html")


def _in_words(skipped: dict[str, int]) -> list[tuple[str, int]]:
    known = dict(SkipReason.choices)
    by_number = sorted(skipped.items(), key=lambda one: -one[1])
    return [(known.get(reason, reason), number) for reason, number in by_number]


def _mine(request: MemberRequest, pk: UUID) -> Mailbox:
    return get_object_or_404(Mailbox.objects.visible_to(request.member), pk=pk)


@member_required
@require_POST
def change_sharing(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Let the team see more or less of it."""
    found, wanted = _mine(request, pk), request.POST.get("sharing", "")
    if wanted not in map(str, Sharing.values):
        raise Invalid("Choose how much the team may see.", field="sharing")
    keeping.change_sharing(request.member, found, sharing=Sharing(int(wanted)), at=now())
    messages.success(
        request, f"The team sees “{Sharing(int(wanted)).label.lower()}” of {found} now."
    )
    return redirect("mailbox", pk)


@member_required
@require_POST
def change_policy(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Choose whose mail is kept."""
    found, wanted = _mine(request, pk), request.POST.get("policy", "")
    if wanted not in StoringPolicy.values:
        raise Invalid("Choose whose mail is kept.", field="policy")
    is_wider = StoringPolicy(wanted).is_wider_than(StoringPolicy(found.policy))
    keeping.change_policy(request.member, found, policy=StoringPolicy(wanted), at=now())
    messages.success(
        request,
        "Saved. Old mail that was left out, and is kept now, comes with the next retrieval."
        if is_wider
        else "Saved. It holds for what comes from now on; what is stored stays.",
    )
    return redirect("mailbox", pk)


@member_required
@require_POST
def choose_removed(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Hide what is deleted at Gmail, or show it again."""
    is_hidden = request.POST.get("removed") == "hide"
    choose_removed_mail(request.member, _mine(request, pk), is_hidden=is_hidden, at=now())
    said = "hidden from now on, and kept all the same" if is_hidden else "shown"
    messages.success(request, f"What is deleted at Gmail is {said}.")
    return redirect("mailbox", pk)


ACTS = {
    "pause": keeping.pause,
    "resume": keeping.resume,
    "resume-sending": resume_queue,
}


@member_required
@require_POST
def act(request: MemberRequest, pk: UUID, verb: str) -> HttpResponse:
    """Pause or resume reading and sending, or only sending."""
    ACTS[verb](request.member, _mine(request, pk), at=now())
    return redirect(way_back(request) or reverse("mailbox", args=[pk]))


@member_required
@require_POST
def pause_sending(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Hold back what this mailbox has queued; the reason is shown wherever it matters."""
    found, reason = _mine(request, pk), request.POST.get("reason", "")
    pause_queue(request.member, found, reason=reason, at=now())
    return redirect(way_back(request) or reverse("mailbox", args=[pk]))


@member_required
@require_POST
def retrieve(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Ask for new mail now."""
    mine = Mailbox.objects.visible_to(request.member).filter(owner=request.user)
    request_retrieval(get_object_or_404(mine, pk=pk), at=now())
    messages.success(request, "Asked Gmail for new mail. What comes appears by itself.")
    return redirect("mailbox", pk)


@member_required
@require_POST
def replay(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Try to read what could not be read once more."""
    mine = Mailbox.objects.visible_to(request.member).filter(owner=request.user)
    decided = replay_quarantine(get_object_or_404(mine, pk=pk), at=now())
    said = "Read again. What is still in the list could not be read this time either."
    fetched = " What Gmail never gave is fetched again." if decided.waiting else ""
    messages.success(request, said + fetched)
    return redirect("mailbox", pk)


@member_required
@require_POST
def disconnect(request: MemberRequest, pk: UUID) -> HttpResponse:
    """End the connection, keeping or erasing what is stored, as the person decided."""
    found, choice = _mine(request, pk), request.POST.get("stored", "")
    if choice not in {"keep", "erase"}:
        raise Invalid(
            "Decide what becomes of the stored mail: keep it or erase it.", field="stored"
        )
    is_ended = leave_mailbox(request.member, found, erase=choice == "erase", at=now())
    if found.kind == Kind.IMPORT:
        messages.success(request, f"What was imported as {found.address} is erased.")
    elif is_ended:
        messages.success(
            request, f"{found.address} is disconnected, and Google's permission is ended."
        )
    else:
        messages.warning(
            request,
            f"{found.address} is disconnected here. Google could not be told; end the permission in your "
            "Google account under Security, Third-party access.",
        )
    return redirect("mailboxes")
