"""Connecting a Gmail mailbox: choose how much is shared, go to Google, come back."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_POST

from letterbook.kit.refusals import Refused
from letterbook.mailboxes.connecting import finish_connecting
from letterbook.mailboxes.consent import begin_connecting
from letterbook.mailboxes.models import Mailbox, Sharing, StoringPolicy
from letterbook.teams.models import Membership
from letterbook.web.pages.mailbox import SHARING_WORDS
from letterbook.web.pages.mailboxes import is_google_set_up
from letterbook.web.requests import MemberRequest, member_required, render_page


class ConnectingForm(forms.Form):
    """What must be decided before Google is asked. Nothing is shared by default: it has to be chosen."""

    sharing = forms.TypedChoiceField(
        choices=Sharing.choices,
        coerce=lambda value: Sharing(int(value)),
        error_messages={
            "required": "Choose how much your team may see. You can change it at any time."
        },
    )
    policy = forms.TypedChoiceField(
        choices=StoringPolicy.choices, coerce=StoringPolicy, initial=StoringPolicy.WRITTEN_TO
    )


@member_required
def connect(request: MemberRequest) -> HttpResponse:
    """Ask how much is shared and whose mail is kept, then lead to Google."""
    form = ConnectingForm(request.POST or None, initial=_proposed(request.member))
    if request.method == "POST" and form.is_valid():
        url = begin_connecting(
            request.member, session=request.session, **form.cleaned_data, at=now()
        )
        return HttpResponseRedirect(url)
    context = {
        "form": form,
        "sharing_words": SHARING_WORDS,
        "policies": StoringPolicy.choices,
        "is_google_set_up": is_google_set_up(),
    }
    return render_page(request, "web/connect.html", context, status=422 if form.errors else 200)


def _proposed(member: Membership) -> dict[str, object]:
    """What the team's admins propose; where they propose nothing, sharing has to be chosen."""
    return {"policy": StoringPolicy.WRITTEN_TO, "sharing": member.team.default_sharing}


@member_required
@require_POST
def reconnect(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Lead to Google to renew the permission of a mailbox; nothing that is stored or queued is lost."""
    found = get_object_or_404(Mailbox.objects.visible_to(request.member), pk=pk)
    url = begin_connecting(
        request.member, session=request.session, sharing=None, mailbox=found, at=now()
    )
    return HttpResponseRedirect(url)


@member_required
@require_GET
def connected(request: MemberRequest) -> HttpResponse:
    """Take Google's answer. A refusal is shown on the page of mailboxes, where one tries again."""
    answer = {name: request.GET.get(name, "") for name in ("state", "code", "error")}
    try:
        mailbox = finish_connecting(request.member, session=request.session, **answer, at=now())
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("mailboxes")
    messages.success(
        request,
        f"{mailbox.address} is connected. Its newest mail comes first; you can go on at once.",
    )
    return redirect("mailboxes")
