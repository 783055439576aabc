"""Importing files of email: which, whose mailbox they are, how far they are shared, whose mail is kept."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.timezone import now

from letterbook.incoming.uploading import receive_upload
from letterbook.kit.refusals import Refused
from letterbook.mailboxes.models import Sharing
from letterbook.web.pages.mailbox import SHARING_WORDS
from letterbook.web.requests import MemberRequest, member_required, render_page

EVERYONE, KNOWN = "everyone", "known"
KEEPING = (
    (EVERYONE, "All of it; everyone on it becomes a contact"),
    (KNOWN, "Only mail with people who are contacts"),
)


class ImportForm(forms.Form):
    """What must be decided before a file is read. Nothing is shared by default: it has to be chosen."""

    address = forms.EmailField(
        label="Whose mailbox is it?",
        help_text="The address the mail was written from and to.",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    sharing = forms.TypedChoiceField(
        choices=Sharing.choices,
        coerce=lambda value: Sharing(int(value)),
        error_messages={
            "required": "Choose how much your team may see. You can change it at any time."
        },
    )
    keeping = forms.ChoiceField(choices=KEEPING, initial=EVERYONE)


@member_required
def import_mail(request: MemberRequest) -> HttpResponse:
    """Take files of email and lead to the mailbox where their import is seen."""
    address = request.GET.get("address", request.member.user.email)
    form = ImportForm(request.POST or None, initial={"address": address})
    problem = ""
    if request.method == "POST" and form.is_valid():
        try:
            return _receive(request, form)
        except Refused as refused:
            if refused.field == "files":
                problem = str(refused)
            else:
                form.add_error("sharing" if refused.field == "sharing" else "address", str(refused))
    context = {
        "form": form,
        "problem": problem,
        "sharing_words": SHARING_WORDS,
        "keeping_words": KEEPING,
    }
    is_refused = bool(problem or form.errors)
    return render_page(request, "web/import_mail.html", context, status=422 if is_refused else 200)


def _receive(request: MemberRequest, form: ImportForm) -> HttpResponse:
    mailbox = receive_upload(
        request.member,
        request.FILES.getlist("files"),
        address=form.cleaned_data["address"],
        sharing=form.cleaned_data["sharing"],
        creates_contacts=form.cleaned_data["keeping"] == EVERYONE,
        at=now(),
    )
    messages.success(request, "The import has begun. What is read appears here by itself.")
    return redirect("mailbox", mailbox.pk)
