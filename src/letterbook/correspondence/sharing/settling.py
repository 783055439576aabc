"""Settling: writing into each copy who may see it, from what was decided about its labels, thread and contacts.

Call it in the transaction that decides, or that changes what decides, holding the team's correspondence lock: two that
settle at once, each blind to the other's, would leave what one of them saw. It asks on the team's behalf: the copies
that follow from what somebody does are not theirs alone, and neither is what was decided about them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from letterbook.correspondence.threading import lock_correspondence
from letterbook.mailboxes.models import Mailbox
from letterbook.teams.events import announce
from letterbook.teams.second_wall import on_the_teams_behalf


def settle_messages(
    team_id: UUID, message_ids: Sequence[UUID], *, even_if_nothing_is_decided: bool = False
) -> int:
    """Settle all copies of these messages, and of what is in one thread with them; return how many changed."""
    if not message_ids or not (even_if_nothing_is_decided or _is_anything_decided(team_id)):
        return 0
    ids = list(message_ids)
    return _settle(_OF_MESSAGES, [ids, ids])


def settle_changed_labels(mailbox: Mailbox, provider_ids: Sequence[str]) -> int:
    """Settle what a mailbox shows under these ids, after their labels changed; return how many copies changed."""
    if not provider_ids or not _is_anything_decided(mailbox.team_id):
        return 0
    changed = _settle(
        "held.mailbox_id = %s AND held.provider_id = ANY(%s::text[])",
        [mailbox.pk, list(provider_ids)],
    )
    if changed:
        announce("activity", team_id=mailbox.team_id)
    return changed


@transaction.atomic
def settle_labels(mailbox: Mailbox) -> int:
    """Settle what bears a label, or is private, once the names of labels were read again; return how many changed."""
    lock_correspondence(mailbox.team_id)
    changed = _settle("held.mailbox_id = %s AND (held.shared_as = 0 OR hides.it)", [mailbox.pk])
    if changed:
        announce("activity", team_id=mailbox.team_id)
    return changed


def settle_mailbox(mailbox: Mailbox) -> int:
    """Settle everything a mailbox holds; return how many copies changed."""
    return _settle("held.mailbox_id = %s", [mailbox.pk])


def settle_threads(mailbox_ids: Sequence[UUID], thread_id: UUID) -> int:
    """Settle what these mailboxes hold of a conversation; return how many copies changed."""
    return _settle(
        "held.mailbox_id = ANY(%s::uuid[]) AND m.thread_id = %s", [list(mailbox_ids), thread_id]
    )


def settle_addresses(team_id: UUID, keys: Sequence[str]) -> int:
    """Settle all copies of emails with these addresses; return how many changed."""
    return _settle(_OF_ADDRESSES, [team_id, list(keys)])


@on_the_teams_behalf()
def extend_private_choices(team_id: UUID, contact_ids: Sequence[UUID]) -> int:
    """Keep private what comes with the new addresses of contacts whose mail is; return how many copies changed."""
    with connection.cursor() as cursor:
        cursor.execute(_EXTEND, [list(contact_ids)])
        keys = {key for (keys,) in cursor.fetchall() for key in keys}
    return settle_addresses(team_id, sorted(keys)) if keys else 0


@on_the_teams_behalf()
def _is_anything_decided(team_id: UUID) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_IS_ANYTHING_DECIDED, {"team": team_id})
        [answer] = cursor.fetchone() or (False,)
    return bool(answer)


@on_the_teams_behalf()
def _settle(which: str, values: Sequence[Any]) -> int:  # Any: what the condition asks for
    statement = _SETTLE.replace("{which}", which)
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        changed: int = cursor.rowcount
    return changed


_OF_MESSAGES = """
    m.id IN (
        SELECT unnest(%s::uuid[])
        UNION SELECT other.id FROM correspondence_message other WHERE other.thread_id IN (
            SELECT batch.thread_id FROM correspondence_message batch WHERE batch.id = ANY(%s::uuid[])
            AND (EXISTS (SELECT FROM correspondence_sharingchoice c WHERE c.thread_id = batch.thread_id)
                OR EXISTS (SELECT FROM correspondence_admission a WHERE a.thread_id = batch.thread_id))))
"""
_OF_ADDRESSES = "m.team_id = %s AND m.address_keys && %s::text[]"
_IS_ANYTHING_DECIDED = """
    SELECT EXISTS (SELECT FROM correspondence_sharingchoice WHERE team_id = %(team)s)
        OR EXISTS (SELECT FROM correspondence_hidinglabels WHERE team_id = %(team)s)
        OR EXISTS (SELECT FROM correspondence_privatemessage WHERE team_id = %(team)s)
        OR EXISTS (SELECT FROM mailboxes_mailboxlabel WHERE team_id = %(team)s AND lower(name) = 'private')
        OR EXISTS (SELECT FROM correspondence_admission WHERE team_id = %(team)s
            AND (thread_id IS NOT NULL OR keys IS NOT NULL))
"""
# What each copy is to say, as rows of (id, shared_as, shared_with). A label hides from everybody; as long as nobody
# chose any, the one called Private does. So does the author of a single email that is kept private, and of what it
# answers. Else the choice for the thread holds, else the narrowest of those for
# contacts: found by addresses, not by the contact, so that nobody who edits, merges or deletes a contact shows anybody
# a team-mate's mail. A private choice shuts out who was let in to something wider, not who was let in to that very
# thing since.
SAID = """
    SELECT held.id,
        CASE WHEN hides.it OR kept.it THEN 0 ELSE coalesce(of_thread.level, of_contacts.level) END AS shared_as,
        CASE WHEN NOT (hides.it OR kept.it) THEN let_in.people END AS shared_with
    FROM correspondence_mailboxmessage held
    JOIN correspondence_message m ON m.id = coalesce(held.message_id, held.hidden_message_id)
    LEFT JOIN correspondence_hidinglabels hiding ON hiding.mailbox_id = held.mailbox_id
    CROSS JOIN LATERAL (SELECT held.labels && coalesce(hiding.labels, ARRAY(
        SELECT label.label_id FROM mailboxes_mailboxlabel label
        WHERE label.mailbox_id = held.mailbox_id AND lower(label.name) = 'private'))) AS hides (it)
    CROSS JOIN LATERAL (SELECT EXISTS (
        SELECT FROM correspondence_privatemessage private
        JOIN correspondence_privateemail email ON email.id = private.email_id
        JOIN mailboxes_mailbox author ON author.id = email.mailbox_id
        JOIN mailboxes_mailbox holder ON holder.id = held.mailbox_id
        WHERE private.message_id = m.id AND author.owner_id = holder.owner_id)) AS kept (it)
    LEFT JOIN correspondence_sharingchoice of_thread
        ON of_thread.mailbox_id = held.mailbox_id AND of_thread.thread_id = m.thread_id
    CROSS JOIN LATERAL (
        SELECT min(choice.level) FROM correspondence_sharingchoice choice
        WHERE choice.mailbox_id = held.mailbox_id AND choice.keys && m.address_keys) AS of_contacts (level)
    CROSS JOIN LATERAL (
        SELECT array_agg(DISTINCT admitted.user_id ORDER BY admitted.user_id)
        FROM correspondence_admission admitted
        WHERE admitted.mailbox_id = held.mailbox_id AND admitted.ended_at IS NULL
            AND (admitted.thread_id = m.thread_id
                OR admitted.keys && m.address_keys AND of_thread.level IS DISTINCT FROM 0)
        ) AS let_in (people)
"""
_SETTLE = f"""
    UPDATE correspondence_mailboxmessage copy SET shared_as = said.shared_as, shared_with = said.shared_with
    FROM ({SAID} WHERE {{which}}) AS said
    WHERE copy.id = said.id
        AND (copy.shared_as, copy.shared_with) IS DISTINCT FROM (said.shared_as, said.shared_with)
"""  # noqa: S608 - put together from constants
# Only what is private grows with a contact: it can show nobody anything.
_EXTEND = """
    UPDATE correspondence_sharingchoice choice SET keys = ARRAY(
        SELECT unnest(choice.keys) UNION SELECT address.key FROM contacts_contactaddress address
        WHERE address.contact_id = choice.contact_id ORDER BY 1)
    WHERE choice.contact_id = ANY(%s::uuid[]) AND choice.level = 0
    RETURNING choice.keys
"""
