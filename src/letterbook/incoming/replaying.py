"""Replaying the quarantine: reading kept sources again, after a fix."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from letterbook.correspondence.models import LedgerState, MailboxMessage
from letterbook.correspondence.sources import unpack_source
from letterbook.incoming.quarantine import release_sources
from letterbook.incoming.storing import Decided, decide_and_store
from letterbook.mailboxes.models import Mailbox
from letterbook.providers.mail import ProviderMessage
from letterbook.teams.second_wall import on_the_teams_behalf

_BATCH = 20


@on_the_teams_behalf()
def replay_quarantine(
    mailbox: Mailbox, *, provider_ids: Sequence[str] | None = None, at: datetime
) -> Decided:
    """Read all of a mailbox's quarantined messages again, or these; return what became of them.

    One whose source never came is put back among the waiting, to be fetched again.
    """
    quarantined = MailboxMessage.objects.filter(mailbox=mailbox, state=LedgerState.QUARANTINED)
    if provider_ids is not None:
        quarantined = quarantined.filter(provider_id__in=provider_ids)
    quarantined.filter(quarantined_source=None).update(
        state=LedgerState.WAITING, error="", try_after=None, decided_at=None
    )
    ids = list(quarantined.order_by("id").values_list("id", flat=True))
    decided = Decided()
    for start in range(0, len(ids), _BATCH):
        decided += _replay(mailbox, ids[start : start + _BATCH], at=at)
    return decided


@transaction.atomic
def _replay(mailbox: Mailbox, row_ids: Sequence[int], *, at: datetime) -> Decided:
    rows = MailboxMessage.objects.filter(pk__in=row_ids).select_related("quarantined_source")
    messages = [_message(row) for row in rows]
    decided = decide_and_store(mailbox, messages, at=at)
    release_sources(mailbox, [message.id for message in messages])
    return decided


def _message(row: MailboxMessage) -> ProviderMessage:
    source = row.quarantined_source
    return ProviderMessage(
        id=row.provider_id,
        thread_id=row.provider_thread_id,
        labels=frozenset(row.labels),
        received_at=row.provider_at or source.at,
        raw=unpack_source(source.raw_zstd),
    )
