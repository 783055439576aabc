"""Erasing the mail of a person: messages and their bytes go, the ledger says only that somebody on them was erased."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection

from letterbook.correspondence.models import (
    AccessRequest,
    Admission,
    LedgerState,
    MailboxMessage,
    Message,
    QuarantinedSource,
    SharingChoice,
    SkipReason,
    Thread,
)
from letterbook.correspondence.sharing.settling import settle_addresses
from letterbook.correspondence.sources import unpack_source
from letterbook.teams.second_wall import on_the_teams_behalf

_AT_ONCE = 1000


@on_the_teams_behalf()
def erase_messages(team_id: UUID, message_ids: Sequence[UUID], *, at: datetime) -> None:
    """Delete these messages with all that hangs on them; call it holding the team's correspondence lock.

    Their ledger rows stay, so that nothing fetches them again: skipped, with nothing in them but the provider's ids.
    """
    for start in range(0, len(message_ids), _AT_ONCE):
        chosen = list(message_ids[start : start + _AT_ONCE])
        with connection.cursor() as cursor:
            cursor.execute(_EMPTY_COPIES, {"ids": chosen, "at": at})
            cursor.execute(_EMPTY_HIDDEN, {"ids": chosen})
        messages = Message.objects.filter(team_id=team_id, pk__in=chosen)
        threads = set(messages.values_list("thread_id", flat=True))
        messages.delete()
        Thread.objects.filter(pk__in=threads, messages=None).delete()


@on_the_teams_behalf()
def erase_quarantined(team_id: UUID, keys: Sequence[str], *, at: datetime) -> int:
    """Delete the kept bytes of what could not be read and names one of these addresses; return how many."""
    wanted = [key.encode() for key in keys]
    sources = QuarantinedSource.objects.filter(team_id=team_id).order_by("pk")
    named = [
        source.pk
        for source in sources.iterator(chunk_size=50)
        if any(key in unpack_source(source.raw_zstd).lower() for key in wanted)
    ]
    QuarantinedSource.objects.filter(pk__in=named).delete()
    return MailboxMessage.objects.filter(pk__in=named, state=LedgerState.QUARANTINED).update(
        state=LedgerState.SKIPPED, reason=SkipReason.ERASED, error="", decided_at=at, try_after=None
    )


@on_the_teams_behalf()
def erase_choices(team_id: UUID, contact_id: UUID, keys: Sequence[str]) -> None:
    """Forget what was decided about this person's mail, and settle what is left of it because others are on it.

    What an owner keeps private or narrower stays so as long as such mail is there: nobody sees more of it.
    """
    AccessRequest.objects.filter(team_id=team_id, contact_id=contact_id).update(contact=None)
    admissions = Admission.objects.filter(team_id=team_id)
    admissions.filter(keys__overlap=list(keys)).delete()
    left = Message.objects.filter(team_id=team_id, address_keys__overlap=list(keys))
    if not left.exists():
        SharingChoice.objects.filter(team_id=team_id, keys__overlap=list(keys)).delete()
    settle_addresses(team_id, keys)


_EMPTY_COPIES = """
    UPDATE correspondence_mailboxmessage SET
        state = 'skipped', reason = 'erased', message_id = NULL, hidden_message_id = NULL, bcc = NULL, error = '',
        shared_as = NULL, shared_with = NULL, rule_id = NULL, decided_at = %(at)s
    WHERE message_id = ANY(%(ids)s::uuid[])
"""
_EMPTY_HIDDEN = """
    UPDATE correspondence_mailboxmessage SET hidden_message_id = NULL, bcc = NULL, shared_as = NULL, shared_with = NULL
    WHERE hidden_message_id = ANY(%(ids)s::uuid[])
"""
