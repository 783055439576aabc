"""Who may do what with a mailbox."""

from __future__ import annotations

from letterbook.kit.refusals import NotAllowed, NotFound
from letterbook.mailboxes.models import Mailbox
from letterbook.teams.models import Membership


def check_owner(member: Membership, mailbox: Mailbox) -> None:
    """Raise `NotFound` for another team's mailbox and `NotAllowed` for a team-mate's."""
    _check_team(member, mailbox)
    if mailbox.owner_id != member.user_id:
        raise NotAllowed(
            f"{mailbox.address} belongs to {mailbox.owner}.", way_out="Only they can do this."
        )


def check_may_stop(member: Membership, mailbox: Mailbox) -> None:
    """As `check_owner`, but those who administer the team may stop a mailbox too, say of someone who left."""
    _check_team(member, mailbox)
    if mailbox.owner_id != member.user_id and not member.may_administer:
        raise NotAllowed(
            f"{mailbox.address} belongs to {mailbox.owner}.",
            way_out="Only they, or an owner or admin of the team, can do this.",
        )


def _check_team(member: Membership, mailbox: Mailbox) -> None:
    if mailbox.team_id != member.team_id:
        raise NotFound("There is no such mailbox.")
