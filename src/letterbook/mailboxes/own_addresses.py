"""Which addresses are the team's own: they are never contacts, and mail from them is outgoing."""

from __future__ import annotations

from uuid import UUID

from letterbook.mailboxes.models import Kind, Mailbox, SendAsAddress

_PUBLIC = frozenset({"gmail.com", "googlemail.com"})


def own_addresses(team_id: UUID) -> dict[str, UUID]:
    """Return the keys of the team's own addresses, each with the user whose mailbox it belongs to."""
    boxes = Mailbox.objects.filter(team_id=team_id).values_list("address_key", "owner_id")
    return aliases_of_team(team_id) | dict(boxes)


def aliases_of_team(team_id: UUID) -> dict[str, UUID]:
    """Return the keys of the addresses that the team's mailboxes may send from besides, each with the user."""
    aliases = SendAsAddress.objects.filter(team_id=team_id, is_verified=True)
    return dict(aliases.values_list("key", "mailbox__owner_id"))


def own_domains(team_id: UUID) -> frozenset[str]:
    """Return the domains whose people are colleagues; none where the team keeps mail among colleagues.

    A Google account is either at the public domains, where everybody is, or at one that its organisation owns.
    """
    found = Mailbox.objects.filter(
        team_id=team_id, kind=Kind.GMAIL, team__is_internal_mail_left_out=True
    )
    keys = found.values_list("address_key", flat=True)
    return frozenset(key.rpartition("@")[2] for key in keys) - _PUBLIC
