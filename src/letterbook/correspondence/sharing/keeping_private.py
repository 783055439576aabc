"""Keeping one email private: by its keys before it is sent, and by its copies and what answers it afterwards.

Outgoing email decides; what is stored follows, whoever stores it first. See docs/decisions/0024.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Q

from letterbook.correspondence.models import (
    MailboxMessage,
    Message,
    PrivateEmail,
    PrivateMessage,
    SharingChoice,
)
from letterbook.correspondence.sharing.settling import settle_messages
from letterbook.mailboxes.models import Mailbox, Sharing
from letterbook.teams.models import Membership
from letterbook.teams.second_wall import on_the_teams_behalf


def keep_email_private(
    email_id: UUID, mailbox: Mailbox, *, send_keys: Sequence[UUID], at: datetime
) -> None:
    """Let nobody but the mailbox's owner see what travels under these keys; more keys are added to those of before."""
    kept, is_new = PrivateEmail.objects.get_or_create(
        pk=email_id,
        defaults={
            "team_id": mailbox.team_id,
            "mailbox": mailbox,
            "send_keys": list(send_keys),
            "chosen_at": at,
        },
    )
    if not is_new:
        keys = sorted({*kept.send_keys, *send_keys})
        PrivateEmail.objects.filter(pk=email_id).update(mailbox=mailbox, send_keys=keys)


def keep_under_another_key(email_id: UUID, send_key: UUID) -> None:
    """Note that a private email may travel under this key, too; of one that is not private there is nothing to note."""
    with connection.cursor() as cursor:
        cursor.execute(_ANOTHER_KEY, [send_key, email_id])


def shared_by(member: Membership, message: Message) -> Sharing | None:
    """Return how widely somebody shares an email that their mailboxes hold, None where those do not hold it."""
    own = MailboxMessage.objects.visible_to(member).filter(mailbox__owner_id=member.user_id)
    copies = own.filter(message=message).values_list("shared_as", "mailbox__sharing")
    levels = [mailbox if copy is None else copy for copy, mailbox in copies]
    return Sharing(max(levels)) if levels else None


def is_followed(member: Membership, message: Message, *, by_contact: bool) -> bool:
    """Whether what answers an email is settled as private with it: a label hides one email alone.

    `by_contact` also where mail with one of its people is private: only as long as the answer goes to them.
    """
    private = SharingChoice.objects.visible_to(member).filter(level=Sharing.PRIVATE)
    chosen = Q(thread_id=message.thread_id)
    if by_contact:
        chosen |= Q(keys__overlap=message.address_keys)
    kept = PrivateMessage.objects.visible_to(member).filter(message=message)
    return private.filter(chosen).exists() or kept.exists()


@on_the_teams_behalf()
def keep_stored_private(email_id: UUID, team_id: UUID, message_ids: Sequence[UUID]) -> None:
    """Let what is stored of a private email already, and what answers it, be private. Needs the correspondence lock."""
    for message_id in message_ids:
        PrivateMessage.objects.get_or_create(
            email_id=email_id, message_id=message_id, defaults={"team_id": team_id}
        )
    settle_private(team_id, {}, message_ids)


@on_the_teams_behalf()
def share_email_again(email_id: UUID, team_id: UUID) -> None:
    """Let an email, and what answers it, be shared as everything else is. Needs the correspondence lock."""
    messages = PrivateMessage.objects.filter(email_id=email_id)
    ids = list(messages.values_list("message_id", flat=True))
    PrivateEmail.objects.filter(pk=email_id).delete()
    settle_messages(team_id, ids, even_if_nothing_is_decided=True)


@on_the_teams_behalf()
def settle_private(team_id: UUID, keyed: dict[UUID, UUID], message_ids: Sequence[UUID]) -> None:
    """Settle these messages, with what turns out to be private by its key in `keyed` or by what it answers."""
    ids = list(message_ids)
    if ids and PrivateEmail.objects.filter(team_id=team_id).exists():
        with connection.cursor() as cursor:
            cursor.execute(
                _FOLLOW, [list(keyed), [keyed[one] for one in keyed], team_id, ids, team_id]
            )
            ids += [message_id for (message_id,) in cursor.fetchall()]
    settle_messages(team_id, ids)


_ANOTHER_KEY = """
    UPDATE correspondence_privateemail SET send_keys = array_append(send_keys, %s) WHERE id = %s
"""
# What a private email became is ours, so what a stranger sends under its key is not meant. An answer quotes what it
# answers: who may not read the one does not read the other.
_FOLLOW = """
    WITH RECURSIVE kept AS (
        SELECT begun.email_id, m.id, m.message_id, m.thread_id FROM (
            SELECT email.id AS email_id, stored.id AS stored_id
            FROM unnest(%s::uuid[], %s::uuid[]) AS stored (id, key)
            JOIN correspondence_privateemail email
                ON email.team_id = %s AND stored.key = ANY (email.send_keys)
            JOIN correspondence_message ours ON ours.id = stored.id AND ours.direction = 'out'
            UNION
            SELECT known.email_id, known.message_id FROM correspondence_privatemessage known
            JOIN correspondence_message m ON m.id = known.message_id
            WHERE m.thread_id IN (
                SELECT batch.thread_id FROM correspondence_message batch WHERE batch.id = ANY(%s::uuid[]))
        ) AS begun JOIN correspondence_message m ON m.id = begun.stored_id
        UNION
        SELECT kept.email_id, answer.id, answer.message_id, answer.thread_id
        FROM kept JOIN correspondence_message answer
            ON answer.thread_id = kept.thread_id AND answer.in_reply_to = kept.message_id
        WHERE kept.message_id <> ''
    )
    INSERT INTO correspondence_privatemessage (email_id, message_id, team_id)
    SELECT email_id, id, %s FROM kept ON CONFLICT DO NOTHING RETURNING message_id
"""
