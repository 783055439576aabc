"""Templates: the menu of the composer, and the pages where they are made."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from letterbook.contacts.models import Contact
from letterbook.contacts.reading import look_up
from letterbook.kit.refusals import Conflict, Invalid
from letterbook.mime.html import html_to_text, text_to_html
from letterbook.outgoing.templates import (
    EmailTemplate,
    Filled,
    create_template,
    delete_template,
    edit_template,
    fill_template,
    fill_words,
    find_template,
    merge_fields,
)
from letterbook.teams.models import Membership
from letterbook.web.requests import MemberRequest, member_required, render_page
from letterbook.web.templates_chosen import contact_of, templates_for, words_for

LIST = "web/templates/list.html"
FORM = "web/templates/form.html"


@require_GET
@member_required
def templates(request: MemberRequest) -> HttpResponse:
    """List the templates one may use."""
    words = request.GET.get("q", "")
    mine = set(EmailTemplate.objects.writable_by(request.member).values_list("pk", flat=True))
    context = {"templates": templates_for(request.member, words), "writable": mine, "q": words}
    return render_page(request, LIST, context)


@require_http_methods(["GET", "POST"])
@member_required
def new_template(request: MemberRequest) -> HttpResponse:
    """Make a template."""
    if request.method == "GET":
        return _show(request, None, {})
    typed = _typed(request)
    try:
        create_template(request.member, **typed, at=now())
    except (Invalid, Conflict) as refused:
        return _show(request, None, typed, refused=refused)
    messages.success(request, f"“{typed['name']}” is ready to be used.")
    return redirect("templates")


@require_http_methods(["GET", "POST"])
@member_required
def edit(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Change a template."""
    template = find_template(request.member, pk)
    if request.method == "GET":
        return _show(request, template, _held(template))
    typed = _typed(request)
    try:
        edit_template(request.member, template, **typed, at=now())
    except (Invalid, Conflict) as refused:
        return _show(request, template, typed, refused=refused)
    messages.success(request, "Saved.")
    return redirect("templates")


@require_POST
@member_required
def delete(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Delete a template; emails made of it keep their text."""
    template = find_template(request.member, pk)
    delete_template(request.member, template)
    messages.success(request, f"“{template.name}” is deleted. Emails made of it stay as they are.")
    return redirect("templates")


@require_POST
@member_required
def preview(request: MemberRequest) -> HttpResponse:
    """Show what is typed as the chosen contact would get it."""
    typed = _typed(request)
    who = request.POST.get("who", "")[:200]
    found = look_up(request.member, who, limit=1)
    contact = found[0].contact if found else None
    filled = fill_words(typed["subject"], typed["html"], member=request.member, contact=contact)
    context = _preview(filled)
    return render_page(
        request, "web/templates/preview.html", context | {"contact": contact, "who": who}
    )


@require_GET
@member_required
def pick(request: MemberRequest) -> HttpResponse:
    """Show the templates that fit the words typed, each as it would read for the people in To."""
    contact = contact_of(request.member, request.GET.get("to", ""))
    found = templates_for(request.member, request.GET.get("q", ""))
    shown = [_shown(request.member, one, contact) for one in found]
    context = {"shown": shown, "contact": contact, "q": request.GET.get("q", "")}
    return render_page(request, "web/composer/templates.html", context)


def _shown(member: Membership, template: EmailTemplate, contact: Contact | None) -> dict[str, Any]:
    filled = fill_template(template, member=member, contact=contact)
    return {"template": template} | _preview(filled)


@require_GET
@member_required
def fill(request: MemberRequest, pk: UUID) -> JsonResponse:
    """Return a template filled for the people in To."""
    template = find_template(request.member, pk)
    contact = contact_of(request.member, request.GET.get("to", ""))
    filled = fill_template(template, member=request.member, contact=contact)
    return JsonResponse(
        {"subject": filled.subject, "html": filled.html, "missing": words_for(filled.missing)}
    )


def _typed(request: MemberRequest) -> dict[str, Any]:
    posted = request.POST
    plain = posted.get("html_text")
    return {
        "name": posted.get("name", ""),
        "subject": posted.get("subject", ""),
        "html": posted.get("html", "") if plain is None else text_to_html(plain),
        "is_team": posted.get("whose") == "team",
        "asks_unsubscribe": "asks_unsubscribe" in posted,
    }


def _held(template: EmailTemplate) -> dict[str, Any]:
    return {
        "name": template.name,
        "subject": template.subject,
        "html": template.html,
        "is_team": template.is_team,
        "asks_unsubscribe": template.asks_unsubscribe,
    }


def _show(
    request: MemberRequest,
    template: EmailTemplate | None,
    typed: dict[str, Any],
    *,
    refused: Invalid | Conflict | None = None,
) -> HttpResponse:
    filled = fill_words(
        typed.get("subject", ""), typed.get("html", ""), member=request.member, contact=None
    )
    context = {
        "template": template,
        "typed": typed,
        "plain": html_to_text(typed.get("html", "")),
        "fields": merge_fields(),
        "errors": {refused.field or "name": str(refused)} if refused else {},
        **_preview(filled),
    }
    return render_page(request, FORM, context, status=422 if refused else 200)


def _preview(filled: Filled) -> dict[str, Any]:
    return {
        "subject": filled.subject,
        "text": html_to_text(filled.html),
        "missing": words_for(filled.missing),
    }
