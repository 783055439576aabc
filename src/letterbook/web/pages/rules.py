"""What is left out of one's own mailbox, or of all of the team's: the rules, and what a new one would mean."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.timezone import now
from django.views.decorators.http import require_POST

from letterbook.correspondence.sharing.settling import settle_labels
from letterbook.incoming import ruling
from letterbook.incoming.rules_shown import preview_rule, rules_of
from letterbook.kit.refusals import Invalid
from letterbook.mailboxes.labelling import labels_of, reread_labels
from letterbook.mailboxes.models import LABEL_KINDS, Mailbox, RuleKind
from letterbook.web.requests import MemberRequest, member_required, render_page

_TYPED = ((RuleKind.ADDRESS, "An address"), (RuleKind.DOMAIN, "A domain and all below it"))
_CHOSEN = (
    (RuleKind.LABEL, "Leave out mail with the label"),
    (RuleKind.ONLY_LABEL, "Keep only mail with the label"),
)


@member_required
def mailbox_rules(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Show one's own mailbox's rules, and what the one that is asked for would mean; a POST makes it."""
    return _rules(request, _mine(request, pk))


@member_required
def team_rules(request: MemberRequest) -> HttpResponse:
    """The same for the rules of the whole team."""
    return _rules(request, None)


def _rules(request: MemberRequest, mailbox: Mailbox | None) -> HttpResponse:
    asked = request.POST if request.method == "POST" else request.GET
    kind, text = asked.get("kind", ""), asked.get("text", "")
    preview, error = None, ""
    try:
        if request.method == "POST":
            rule = ruling.add_rule(request.member, mailbox=mailbox, kind=kind, text=text, at=now())
            messages.success(request, f"The rule about {rule} holds from now on.")
            return _back(mailbox)
        if kind or text:
            preview = preview_rule(request.member, mailbox=mailbox, kind=kind, text=text)
    except Invalid as refused:
        error = str(refused)
    context = {
        "mailbox": mailbox,
        "viewer_id": request.member.user_id,
        "rules": rules_of(request.member, mailbox),
        "may_change": mailbox is not None or request.member.may_administer,
        "is_internal_mail_left_out": request.member.team.is_internal_mail_left_out,
        "typed_kinds": _TYPED,
        "chosen_kinds": _CHOSEN if mailbox else (),
        "labels": labels_of(mailbox).items() if mailbox else (),
        "is_label": kind in LABEL_KINDS,
        "kind": kind,
        "text": text,
        "preview": preview,
        "error": error,
    }
    return render_page(request, "web/rules.html", context, status=422 if error else 200)


@member_required
@require_POST
def remove(request: MemberRequest, number: int) -> HttpResponse:
    """End a rule; what it left out is fetched again."""
    rule = ruling.find_rule(request.member, number)
    let_in = ruling.remove_rule(request.member, rule, at=now())
    messages.success(request, f"The rule about {rule} has ended. {_coming(let_in)}")
    return _back(rule.mailbox)


@member_required
@require_POST
def read_labels(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Have Gmail asked for the mailbox's labels now."""
    mailbox = _mine(request, pk)
    labels = reread_labels(request.member, mailbox, clock=now)
    settle_labels(mailbox)
    messages.success(request, f"Gmail has {len(labels)} labels to choose from.")
    return _back(mailbox)


@member_required
@require_POST
def choose_internal(request: MemberRequest) -> HttpResponse:
    """Leave out mail among colleagues, or treat it as any other."""
    is_left_out = request.POST.get("internal") == "left_out"
    let_in = ruling.choose_internal_mail(request.member, is_left_out=is_left_out, at=now())
    messages.success(request, f"Saved. {_coming(let_in)}")
    return _back(None)


def _coming(number: int) -> str:
    if not number:
        return "It holds for what comes from now on."
    emails = "1 email" if number == 1 else f"{number:,} emails"
    return f"{emails} left out until now come with the next retrieval."


def _mine(request: MemberRequest, pk: UUID) -> Mailbox:
    mine = Mailbox.objects.visible_to(request.member).filter(owner=request.user)
    return get_object_or_404(mine, pk=pk)


def _back(mailbox: Mailbox | None) -> HttpResponse:
    return redirect("mailbox-rules", mailbox.pk) if mailbox else redirect("team-rules")
