"""Which mailboxes a team has, for pages: a team has few."""

from __future__ import annotations

from letterbook.mailboxes.models import Mailbox
from letterbook.teams.asked_once import asked_once
from letterbook.teams.models import Membership


@asked_once
def mailboxes_of_team(member: Membership) -> list[Mailbox]:
    """Return the mailboxes of a member's team with their owners, in the order of their addresses."""
    boxes = Mailbox.objects.visible_to(member).select_related("owner")
    return list(boxes.order_by("address_key"))


def own_mailboxes(member: Membership) -> list[Mailbox]:
    """Return those that are the member's own."""
    return [box for box in mailboxes_of_team(member) if box.owner_id == member.user_id]
