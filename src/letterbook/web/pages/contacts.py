"""The team's contacts: the list, a new one, changing one, bringing a file of them."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_POST

from letterbook.contacts import keeping
from letterbook.contacts.bulk import delete_contact_later, last_change, waiting_deletions
from letterbook.contacts.models import Contact
from letterbook.contacts.tombstones import ErasedPerson
from letterbook.kit.refusals import Refused
from letterbook.timeline.acquainting import add_contact, bring_contacts
from letterbook.timeline.contact_list import list_filtered
from letterbook.web.contact_filters import contact_choices, read_contact_filter
from letterbook.web.contact_forms import ContactForm, contact_form
from letterbook.web.contact_rows import contact_rows
from letterbook.web.requests import MemberRequest, member_required, render_page

_LARGEST_FILE = 20 * 1024 * 1024


@member_required
@require_GET
def contacts(request: MemberRequest) -> HttpResponse:
    """List the team's contacts, or those that fit what was typed and chosen."""
    member, at = request.member, now()
    asked = read_contact_filter(request.GET)
    page = list_filtered(member, asked.filter, cursor=request.GET.get("cursor", ""), at=at)
    return render_page(
        request,
        "web/contacts.html",
        {
            "page": page,
            "rows": contact_rows(member, page.contacts),
            "asked": asked,
            "q": asked.filter.query,
            "choices": contact_choices(member, asked.filter),
            "is_first": not request.GET.get("cursor"),
            "last_change": last_change(member, at=at),
            "deletions": waiting_deletions(member),
        },
        fragment="web/contact_rows.html",
    )


@member_required
def new_contact(request: MemberRequest) -> HttpResponse:
    """Create a contact; their mail that is already stored comes to their timeline at once."""
    addresses = request.GET.get("address", "")
    form = contact_form(request.member, None, request.POST or None, addresses=addresses)
    comes_back = False
    if request.method == "POST" and form.is_valid():
        typed = [one for one in form.cleaned_data["addresses"].splitlines() if one.strip()]
        comes_back = request.POST.get("brings_back") == "yes"
        try:
            contact = add_contact(
                request.member,
                addresses=typed,
                brings_back=comes_back,
                **form.given(),
                at=now(),
            )
        except Refused as refused:
            comes_back = isinstance(refused, ErasedPerson)
            _show_at_field(form, refused)
        else:
            return redirect("contact", contact.pk)
    context = {"form": form, "contact": None, "comes_back": comes_back}
    return render_page(request, "web/contact_form.html", context)


@member_required
def edit_contact(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Change what is known of a contact; addresses are changed on the contact's page."""
    contact = get_object_or_404(Contact.objects.visible_to(request.member), pk=pk)
    form = contact_form(request.member, contact, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            keeping.edit_contact(request.member, contact, **form.given(), at=now())
        except Refused as refused:
            _show_at_field(form, refused)
        else:
            return redirect("contact", contact.pk)
    return render_page(request, "web/contact_form.html", {"form": form, "contact": contact})


@member_required
@require_POST
def delete_contact(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Delete a contact in an hour; the mail stays."""
    contact = get_object_or_404(Contact.objects.visible_to(request.member), pk=pk)
    delete_contact_later(request.member, contact, at=now())
    messages.success(
        request, f"{contact} is deleted in an hour. Until then it can be called off here."
    )
    return redirect("contacts")


@member_required
def import_file(request: MemberRequest) -> HttpResponse:
    """Bring the contacts of a CSV or vCard file, and say row by row what could not be taken."""
    outcome, problem = None, ""
    if request.method == "POST":
        file = request.FILES.get("file")
        if file is None:
            problem = "Choose a file first."
        elif (file.size or 0) > _LARGEST_FILE:
            problem = "The file is larger than 20 MB. Split it and import the parts one by one."
        else:
            try:
                outcome = bring_contacts(
                    request.member, file.read(), filename=file.name or "", at=now()
                )
            except Refused as refused:
                problem = str(refused)
    return render_page(
        request,
        "web/contacts_import.html",
        {"outcome": outcome, "problem": problem},
        status=422 if problem else 200,
    )


def _show_at_field(form: ContactForm, refused: Refused) -> None:
    form.add_error(refused.field if refused.field in form.fields else None, str(refused))
