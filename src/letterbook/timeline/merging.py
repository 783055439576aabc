"""The histories of two contacts that become one, or two again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection

from letterbook.contacts.models import ContactAddress, ContactMerge
from letterbook.correspondence.sharing.settling import extend_private_choices
from letterbook.teams.events import announce
from letterbook.teams.second_wall import on_the_teams_behalf
from letterbook.timeline.linking import link_contact
from letterbook.timeline.models import Activity


@on_the_teams_behalf()
def move_lines(merge: ContactMerge) -> None:
    """Give all lines of one contact to the other, and write down which; an email both are on keeps one line."""
    # With what was deleted: it is not to come back because a contact has become another.
    lines = Activity.with_deleted.filter(contact_id=merge.gone_id)
    kept = Activity.with_deleted.filter(contact_id=merge.kept_id, message__isnull=False)
    shared = lines.filter(message__in=kept.values("message"))
    merge.shared_message_ids = list(shared.values_list("message_id", flat=True))
    shared.delete()
    merge.activity_ids = list(lines.values_list("pk", flat=True))
    lines.update(contact_id=merge.kept_id)
    extend_private_choices(merge.team_id, [merge.kept_id])
    announce("activity", team_id=merge.team_id)


@on_the_teams_behalf()
def move_lines_back(merge: ContactMerge, *, keys: Sequence[str], at: datetime) -> None:
    """Part the histories: what was moved goes back, and what came since goes to whose address is on it.

    `keys` are the addresses that went back with the contact.
    """
    Activity.with_deleted.filter(pk__in=merge.activity_ids, contact_id=merge.kept_id).update(
        contact_id=merge.gone_id
    )
    with connection.cursor() as cursor:
        cursor.execute(_SHARE, [merge.gone_id, at, at, merge.kept_id, merge.shared_message_ids])
    link_contact(merge.gone_id, at=at)
    _leave_to_the_other(merge.kept_id, keys, since=merge.merged_at)
    announce("activity", team_id=merge.team_id)


def _leave_to_the_other(contact_id: UUID, keys: Sequence[str], *, since: datetime) -> None:
    """Take away lines of email that came since and that bears only addresses of the other contact."""
    own = ContactAddress.objects.filter(contact_id=contact_id).values_list("key", flat=True)
    Activity.objects.filter(
        contact_id=contact_id, created_at__gte=since, message__address_keys__overlap=list(keys)
    ).exclude(message__address_keys__overlap=list(own)).delete()


_SHARE = """
    INSERT INTO timeline_activity (
        id, type, text, team_id, contact_id, message_id, user_id, direction, occurred_at, created_at, updated_at,
        deleted_at, deleted_by_id)
    SELECT gen_random_uuid(), type, text, team_id, %s, message_id, user_id, direction, occurred_at, %s, %s,
        deleted_at, deleted_by_id
    FROM timeline_activity WHERE contact_id = %s AND message_id = ANY(%s::uuid[])
    ON CONFLICT (contact_id, message_id) DO NOTHING
"""
