"""Signing up: the first person founds a team; everyone after comes by invitation."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.utils.timezone import now

from letterbook.kit.refusals import Refused
from letterbook.teams.joining import accept_invitation, find_invitation, found_team
from letterbook.teams.models import Invitation, User

INVITATION_IN_SESSION = "invitation"


def is_first_start() -> bool:
    """Whether nobody has an account here yet."""
    return not User.objects.exists()


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Opens sign-up to the first owner and to holders of an invitation, to nobody else."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return is_first_start() or invitation_in(request) is not None

    def get_reset_password_from_key_url(self, key: str) -> str:
        # Whoever asks for the email chooses the Host header; the link leads to where Letterbook really is.
        asked: str = super().get_reset_password_from_key_url(key)
        return settings.BASE_URL + urlsplit(asked).path

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        site = SimpleNamespace(name="Letterbook", domain=settings.BASE_URL)
        super().send_mail(template_prefix, email, {**context, "current_site": site})


def invitation_in(request: HttpRequest) -> Invitation | None:
    """Return the open invitation whose link this visitor followed, if any."""
    try:
        return find_invitation(request.session.get(INVITATION_IN_SESSION, ""), at=now())
    except Refused:
        return None


class SignUpForm(forms.Form):
    """The questions asked beside address and password."""

    name = forms.CharField(
        label="Your name", max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    team = forms.CharField(
        label="Your team's name",
        max_length=120,
        error_messages={"required": "Your team needs a name."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_first_start():
            del self.fields["team"]

    def clean(self) -> dict[str, Any]:
        """Refuse another address than the invited one, before there is an account that could join no team."""
        cleaned: dict[str, Any] = super().clean() or {}
        invitation = invitation_in(context.request)
        email = str(cleaned.get("email", ""))
        if invitation and email and email.casefold() != invitation.email.casefold():
            self.add_error(
                "email",
                f"Your invitation is for {invitation.email}. Use that address, or ask for one to your own.",
            )
        return cleaned

    def signup(self, request: HttpRequest, user: User) -> None:
        """Give the new person their name and their team."""
        user.name = self.cleaned_data["name"].strip()
        user.save(update_fields=["name"])
        token = request.session.pop(INVITATION_IN_SESSION, None)
        if token:
            accept_invitation(token, user=user, at=now())
        else:
            found_team(user, name=self.cleaned_data["team"], at=now())
