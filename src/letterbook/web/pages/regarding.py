"""What an email is about: looked up by typing, linked and taken away without leaving the page."""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_http_methods

from letterbook.outgoing.models import OutgoingEmail
from letterbook.outgoing.regarding import link_subject, subjects_of, unlink_subject
from letterbook.outgoing.status import Status
from letterbook.outgoing.subject_finding import suggest_subjects
from letterbook.web.pages.composer import find_writable
from letterbook.web.requests import MemberRequest, member_required, render_page


@require_GET
@member_required
def suggest(request: MemberRequest) -> JsonResponse:
    """Return the records that the letters typed so far may mean."""
    found = suggest_subjects(request.member, request.GET.get("q", "")[:200])
    return JsonResponse({"suggestions": [asdict(one) for one in found]})


@require_http_methods(["GET", "POST"])
@member_required
def regarding(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Show what an email is about; a POST links a record or, with `remove`, takes one away."""
    email = find_writable(request.member, pk)
    is_written = email.status != Status.DRAFT
    if request.method == "GET":
        shown = {"subjects": subjects_of(email), "is_written": is_written, "may_duplicate": True}
        return render_page(request, "web/composer/subjects.html", shown)
    _change(request, email)
    # Without scripting whole pages follow one another.
    return redirect("outgoing-email" if is_written and not request.htmx else "regarding", pk)


def _change(request: MemberRequest, email: OutgoingEmail) -> None:
    given = request.POST
    kind, _, number = given.get("unlink", "").partition(":")
    subject = {
        "subject_type": kind or given.get("type", ""),
        "subject_id": number or given.get("id", ""),
    }
    if kind or given.get("remove"):
        unlink_subject(request.member, email, **subject)
    else:
        label, url = given.get("label", ""), given.get("url", "")
        link_subject(request.member, email, **subject, label=label, url=url, at=now())
