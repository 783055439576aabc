"""The contacts of a list as a file."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.timezone import now
from django.views.decorators.http import require_GET

from letterbook.timeline.exporting import export_contacts
from letterbook.web.contact_filters import read_contact_filter
from letterbook.web.requests import MemberRequest, member_required

_TYPES = {
    "csv": ("text/csv; charset=utf-8", "contacts.csv"),
    "vcard": ("text/vcard", "contacts.vcf"),
}


@require_GET
@member_required
def export(request: MemberRequest, form: str) -> HttpResponse:
    """Hand out the contacts that the filter shows."""
    asked = read_contact_filter(request.GET)
    pieces = export_contacts(request.member, asked.filter, form=form, at=now())
    content_type, name = _TYPES[form]
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    # Whole, not piece by piece: what is read after the answer began is read outside its transaction.
    return HttpResponse("".join(pieces), content_type=content_type, headers=headers)
