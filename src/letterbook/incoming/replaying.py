"""Replaying the quarantine: reading kept sources again, after a fix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from letterbook.correspondence.models import LedgerState, MailboxMessage
from letterbook.correspondence.sources import unpack_source
from letterbook.correspondence.threading import lock_correspondence
from letterbook.incoming.models import RunKind
from letterbook.incoming.quarantine import release_sources
from letterbook.incoming.requesting import retrieve_soon
from letterbook.incoming.storing import Decided, Reading, read, store_readings
from letterbook.mailboxes.models import Mailbox
from letterbook.providers.mail import ProviderMessage
from letterbook.teams.second_wall import on_the_teams_behalf

_BATCH = 20


@on_the_teams_behalf()
def replay_quarantine(
    mailbox: Mailbox, *, provider_ids: Sequence[str] | None = None, at: datetime
) -> Decided:
    """Read all of a mailbox's quarantined messages again, or these; return what became of them.

    One whose source never came waits again, and is fetched at once where the mailbox may be read.
    """
    quarantined = MailboxMessage.objects.filter(mailbox=mailbox, state=LedgerState.QUARANTINED)
    if provider_ids is not None:
        quarantined = quarantined.filter(provider_id__in=provider_ids)
    decided = Decided(waiting=_fetch_again(mailbox, quarantined))
    ids = list(quarantined.order_by("id").values_list("id", flat=True))
    for start in range(0, len(ids), _BATCH):
        decided += _replay(mailbox, ids[start : start + _BATCH], at=at)
    return decided


@transaction.atomic
def _fetch_again(mailbox: Mailbox, quarantined: QuerySet[MailboxMessage]) -> int:
    number = quarantined.filter(quarantined_source=None).update(
        state=LedgerState.WAITING, error="", try_after=None, decided_at=None
    )
    if number and mailbox.is_connected:
        retrieve_soon(mailbox.pk, kind=RunKind.REQUESTED)
    return number


@transaction.atomic
def _replay(mailbox: Mailbox, row_ids: Sequence[int], *, at: datetime) -> Decided:
    # Whoever replays the same at this moment is done with them after this, and their sources are gone.
    lock_correspondence(mailbox.team_id)
    rows = MailboxMessage.objects.filter(pk__in=row_ids, state=LedgerState.QUARANTINED)
    readings = [_read(row) for row in rows.select_related("quarantined_source")]
    decided = store_readings(mailbox, readings, at=at)
    release_sources(mailbox, [one.message.id for one in readings])
    return decided


def _read(row: MailboxMessage) -> Reading:
    source = row.quarantined_source
    message = ProviderMessage(
        id=row.provider_id,
        thread_id=row.provider_thread_id,
        labels=frozenset(row.labels),
        received_at=row.provider_at or source.at,
        raw=unpack_source(source.raw_zstd),
    )
    return replace(read(message), is_from_file=row.is_of_a_file)
