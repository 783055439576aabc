"""Finding the team, person or mailbox that a command's options name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from letterbook.contacts.models import Contact
from letterbook.contacts.reading import look_up
from letterbook.kit.refusals import Invalid
from letterbook.mailboxes.models import Mailbox
from letterbook.mime.addresses import address_key
from letterbook.teams.models import Membership, Role, Team, User
from letterbook.teams.second_wall import seen_by


def choose_team(slug: str) -> Team:
    """Return the team of this slug, or the only team there is when none was named."""
    teams = list(Team.objects.order_by("slug")[:20])
    if not slug and len(teams) == 1:
        return teams[0]
    if not teams:
        raise Invalid(
            "There is no team yet.",
            way_out="Sign up on the first page of `letterbook serve`, or use `letterbook user create` and then "
            "`letterbook team create`.",
            field="team",
        )
    names = ", ".join(team.slug for team in teams)
    if not slug:
        raise Invalid(f"Say which team with --team. There are: {names}.", field="team")
    found = Team.objects.filter(slug=slug).first()
    if found is None:
        raise Invalid(f"There is no team {slug!r}. There are: {names}.", field="team")
    return found


def choose_member(team: Team, email: str) -> Membership:
    """Return the person of the team with this address, or its first owner when none was named."""
    members = (
        Membership.objects.filter(team=team).select_related("user", "team").order_by("created_at")
    )
    found = (
        members.filter(user__email__iexact=email) if email else members.filter(role=Role.OWNER)
    ).first()
    if found is None:
        raise Invalid(
            f"{email or 'No owner'} is not in the team {team.slug}.",
            way_out="Invite them, or create them with `letterbook user create`.",
            field="user",
        )
    return found


@contextmanager
def looking_as(slug: str, email: str) -> Iterator[Membership]:
    """Choose a team and a person of it, and see nothing from the database but what is theirs to see."""
    member = choose_member(choose_team(slug), email)
    with seen_by(member):
        yield member


def choose_contact(member: Membership, text: str) -> Contact:
    """Return the only contact that this member sees under an address or a part of a name."""
    found = look_up(member, text)
    if not found:
        raise Invalid(
            f"No contact matches {text!r}.", way_out="Give one of their addresses.", field="contact"
        )
    if len(found) > 1:
        addresses = ", ".join(one.address for one in found if one.address)
        raise Invalid(
            f"Several contacts match {text!r}.",
            way_out=f"Give one of their addresses in full: {addresses}.",
            field="contact",
        )
    return found[0].contact


def choose_user(email: str) -> User:
    """Return the person who signs in with this address."""
    found = User.objects.filter(email__iexact=email).first()
    if found is None:
        raise Invalid(f"Nobody signs in as {email}.", field="email")
    return found


def choose_mailbox(team: Team, address: str) -> Mailbox:
    """Return the team's mailbox with this address."""
    found = Mailbox.objects.filter(team=team, address_key=address_key(address)).first()
    if found is None:
        there_are = (
            ", ".join(Mailbox.objects.filter(team=team).values_list("address", flat=True))
            or "none yet"
        )
        raise Invalid(
            f"{team.slug} has no mailbox {address}. There are: {there_are}.", field="mailbox"
        )
    return found
