"""Who is in the team, inviting more, and leaving it."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_POST

from letterbook.kit.refusals import Invalid, NotFound, Refused
from letterbook.outgoing.leaving import leave_team, preview_leaving
from letterbook.teams import joining
from letterbook.teams.models import Invitation, Membership, Role
from letterbook.web.page_team import TEAM_IN_SESSION
from letterbook.web.pages.mailbox import SHARING_WORDS
from letterbook.web.requests import MemberRequest, member_required, render_page
from letterbook.web.way_back import safe_path


class InvitationForm(forms.Form):
    """Whom to invite as what."""

    email = forms.EmailField(label="Their address")
    role = forms.ChoiceField(label="Role", choices=Role.choices, initial=Role.MEMBER)


class LeavingForm(forms.Form):
    """What becomes of what somebody leaves behind."""

    erase = forms.TypedMultipleChoiceField(required=False, coerce=UUID)
    successor = forms.UUIDField(required=False)

    def __init__(self, typed: QueryDict) -> None:
        super().__init__(typed)
        # Which mailboxes there are, `leave_team` knows.
        self.fields["erase"].choices = [(one, one) for one in typed.getlist("erase")]  # type: ignore[attr-defined]


@member_required
def team(request: MemberRequest) -> HttpResponse:
    """Show the team; a POST invites somebody and shows the link once."""
    form = InvitationForm(request.POST or None)
    link = ""
    if request.method == "POST" and form.is_valid():
        try:
            token = joining.invite(request.member, at=now(), **form.cleaned_data)
        except Refused as refused:
            form.add_error(refused.field or None, str(refused))
        else:
            link = settings.BASE_URL + reverse("join", args=[token])
    return render_page(request, "web/team.html", _team_context(request.member, form, link))


def _team_context(member: Membership, form: InvitationForm, link: str) -> dict[str, object]:
    members = Membership.objects.filter(team_id=member.team_id).select_related("user")
    return {
        "members": members.order_by("created_at", "id"),
        "invitations": Invitation.objects.visible_to(member).unanswered().order_by("-created_at"),
        "at": now(),
        "roles": Role.choices,
        "may_administer": member.may_administer,
        "sharing_words": SHARING_WORDS,
        "proposed": member.team.default_sharing,
        "form": form,
        "link": link,
    }


@member_required
@require_POST
def change_role(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Give a team-mate another role."""
    target = _team_mate(request, pk)
    joining.change_role(request.member, target=target, role=request.POST.get("role", ""), at=now())
    messages.success(request, f"{target.user} is now {target.get_role_display().lower()}.")
    return redirect("team")


@member_required
def remove_member(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Show what the end of a membership means, a team-mate's or one's own; a POST ends it as decided there."""
    target = _team_mate(request, pk)
    if request.method != "POST":
        context = {"leaving": preview_leaving(request.member, target)}
        return render_page(request, "web/leaving.html", context)
    form = LeavingForm(request.POST)
    if not form.is_valid():
        raise Invalid("Choose what becomes of each mailbox.", field="erase")
    leave_team(
        request.member,
        target,
        at=now(),
        erased=form.cleaned_data["erase"],
        successor_id=form.cleaned_data["successor"],
    )
    messages.success(request, f"{target.user} left the team.")
    return redirect("team")


def _team_mate(request: MemberRequest, pk: UUID) -> Membership:
    mates = Membership.objects.filter(team_id=request.member.team_id).select_related("user")
    return get_object_or_404(mates, pk=pk)


@member_required
@require_POST
def renew_invitation(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Make a new link for somebody who has not come yet, and show it once; the old one ends."""
    token = joining.renew_invitation(request.member, invitation_id=pk, at=now())
    link = settings.BASE_URL + reverse("join", args=[token])
    context = _team_context(request.member, InvitationForm(), link)
    return render_page(request, "web/team.html", context | {"is_renewed": True})


@member_required
@require_POST
def revoke_invitation(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Withdraw an invitation that nobody accepted yet."""
    joining.revoke_invitation(request.member, invitation_id=pk, at=now())
    messages.success(request, "The invitation is withdrawn; its link no longer works.")
    return redirect("team")


@member_required
@require_POST
def switch_team(request: MemberRequest) -> HttpResponse:
    """Act in another of one's teams from now on."""
    mine = Membership.objects.filter(user=request.user).values_list("team_id", flat=True)
    wanted = request.POST.get("team", "")
    if wanted not in map(str, mine):
        raise NotFound("You are not in that team.")
    request.session[TEAM_IN_SESSION] = wanted
    # A page of that team goes on where it was.
    if request.htmx:
        return HttpResponse()
    return redirect(safe_path(request.POST.get("next", "")) or "today")
