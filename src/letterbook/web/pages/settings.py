"""A person's own settings: name, time zone, tokens for programs."""

from __future__ import annotations

import zoneinfo
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.timezone import now
from django.views.decorators.http import require_POST

from letterbook.kit.refusals import Refused
from letterbook.outgoing.telling import choose_to_be_told, wants_to_be_told
from letterbook.teams import tokens
from letterbook.teams.models import ApiToken, User
from letterbook.web.requests import MemberRequest, member_required, render_page


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for type checkers only
    """How one is called and which clock one reads."""

    time_zone = forms.ChoiceField(label="Time zone", required=False)

    class Meta:
        model = User
        fields = ["name", "time_zone"]
        labels = {"name": "Your name"}

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        zones = sorted(
            zone for zone in zoneinfo.available_timezones() if "/" in zone or zone == "UTC"
        )
        choices = [("", "The server's"), *((zone, zone.replace("_", " ")) for zone in zones)]
        self.fields["time_zone"].choices = choices  # type: ignore[attr-defined]


@member_required
def settings(request: MemberRequest) -> HttpResponse:
    """Show and change one's own settings."""
    form = ProfileForm(request.POST or None, instance=request.member.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Saved.")
        return redirect("settings")
    return _show(request, form=form)


def _show(
    request: MemberRequest, *, form: ProfileForm, token: str = "", error: str = ""
) -> HttpResponse:
    mine = ApiToken.objects.visible_to(request.member).filter(revoked_at=None)
    context = {
        "form": form,
        "tokens": mine.order_by("-created_at"),
        "new_token": token,
        "token_error": error,
        "is_told_of_failures": wants_to_be_told(request.member),
    }
    return render_page(request, "web/settings.html", context)


@member_required
@require_POST
def choose_notices(request: MemberRequest) -> HttpResponse:
    """Be told of failures by email, or not."""
    is_wanted = request.POST.get("failures") == "on"
    choose_to_be_told(request.member, is_wanted=is_wanted)
    messages.success(request, "Saved.")
    return redirect("settings")


@member_required
@require_POST
def create_token(request: MemberRequest) -> HttpResponse:
    """Create a token and show it this once."""
    form = ProfileForm(instance=request.member.user)
    try:
        token = tokens.create_token(request.member, name=request.POST.get("name", ""), at=now())
    except Refused as refused:
        return _show(request, form=form, error=str(refused))
    return _show(request, form=form, token=token)


@member_required
@require_POST
def revoke_token(request: MemberRequest, pk: UUID) -> HttpResponse:
    """End a token at once."""
    token = get_object_or_404(ApiToken.objects.visible_to(request.member), pk=pk)
    tokens.revoke_token(request.member, token=token, at=now())
    messages.success(request, f"“{token.name}” no longer opens anything.")
    return redirect("settings")
