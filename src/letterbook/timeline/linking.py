"""Linking contacts to the email that is stored already."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from letterbook.contacts.models import Contact, ContactAddress
from letterbook.correspondence.sharing.settling import extend_private_choices
from letterbook.correspondence.threading import lock_correspondence
from letterbook.mailboxes.own_addresses import own_addresses
from letterbook.teams.events import announce
from letterbook.teams.models import Membership
from letterbook.teams.second_wall import on_the_teams_behalf
from letterbook.timeline.models import Activity, ActivityQuerySet


def link_contact(contact_id: UUID, *, at: datetime) -> int:
    """Add the contact's missing activities for stored email that bears any of their addresses; return how many.

    Call it in the transaction that adds the contact or the address, or after it.
    """
    team_id = Contact.objects.values_list("team_id", flat=True).get(pk=contact_id)
    return link_contacts([contact_id], team_id=team_id, at=at)


@on_the_teams_behalf()
@transaction.atomic
def link_contacts(contact_ids: Sequence[UUID], *, team_id: UUID, at: datetime) -> int:
    """Do the same for several contacts of one team at once."""
    # A batch that is being stored now either sees the new address, or is seen here.
    lock_correspondence(team_id)
    addresses = dict(
        ContactAddress.objects.filter(contact_id__in=contact_ids)
        .exclude(key__in=own_addresses(team_id))
        .values_list("key", "contact_id")
    )
    with connection.cursor() as cursor:
        keys = list(addresses)
        cursor.execute(_LINK, [keys, list(addresses.values()), at, at, team_id, keys])
        linked: int = cursor.rowcount
    extend_private_choices(team_id, contact_ids)
    if contact_ids:
        # Whether there was any: else whoever adds a contact would hear of mail they may not see.
        announce("activity", team_id=team_id)
    return linked


def count_unlinked(member: Membership, contact: Contact, *, key: str) -> int:
    """Return how many of the lines that `unlink_contact` would remove this member sees, whether the address is theirs
    still or was just taken away.
    """
    return _tied_by(Activity.objects.visible_to(member), contact, key).count()


@on_the_teams_behalf()
def unlink_contact(contact: Contact, *, key: str) -> None:
    """Remove the contact's activities for email that bears this address and none they still have."""
    _tied_by(Activity.objects.all(), contact, key).delete()
    announce("activity", team_id=contact.team_id)


def _tied_by(lines: ActivityQuerySet, contact: Contact, key: str) -> ActivityQuerySet:
    still = list(contact.addresses.exclude(key=key).values_list("key", flat=True))
    found = lines.filter(contact=contact, message__address_keys__contains=[key])
    return found.exclude(message__address_keys__overlap=still)


# The user of incoming email is the owner of the mailbox that showed it first, as when it is recorded. The keys are
# an array of constants, so that the index over address_keys finds the messages.
_LINK = """
    WITH linked (key, contact_id) AS (SELECT * FROM unnest(%s::text[], %s::uuid[]))
    INSERT INTO timeline_activity (
        id, type, text, team_id, contact_id, message_id, user_id, direction, occurred_at, created_at, updated_at)
    SELECT gen_random_uuid(), 'email', '', m.team_id, linked.contact_id, m.id,
        CASE WHEN m.direction = 'out' THEN m.sent_by_id ELSE (
            SELECT mailbox.owner_id FROM correspondence_mailboxmessage held
            JOIN mailboxes_mailbox mailbox ON mailbox.id = held.mailbox_id
            WHERE held.message_id = m.id ORDER BY held.decided_at, held.id LIMIT 1) END,
        m.direction, m.occurred_at, %s, %s
    FROM correspondence_message m
    CROSS JOIN LATERAL unnest(m.address_keys) AS on_it (key)
    JOIN linked ON linked.key = on_it.key
    WHERE m.team_id = %s AND m.address_keys && %s::text[]
    ON CONFLICT (contact_id, message_id) DO NOTHING
"""
