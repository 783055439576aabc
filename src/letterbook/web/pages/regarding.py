"""What an email that is being written is about: looked up by typing, linked and taken away without leaving the page."""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_http_methods

from letterbook.outgoing.regarding import link_subject, subjects_of, unlink_subject
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
    if request.method == "GET":
        return render_page(request, "web/composer/subjects.html", {"subjects": subjects_of(email)})
    given = request.POST
    subject = {"subject_type": given.get("type", ""), "subject_id": given.get("id", "")}
    if given.get("remove"):
        unlink_subject(request.member, email, **subject)
    else:
        label, url = given.get("label", ""), given.get("url", "")
        link_subject(request.member, email, **subject, label=label, url=url, at=now())
    return redirect("regarding", pk)
