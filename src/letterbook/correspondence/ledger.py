"""Writing the ledger: what became of each message that a mailbox showed us, many rows in one statement."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from letterbook.correspondence.models import LedgerState, MailboxMessage
from letterbook.mailboxes.models import Mailbox
from letterbook.mime.characters import storable

# Why a message that no contact is on is stored all the same.
EVIDENCE = "evidence"


@dataclass(frozen=True, slots=True)
class Fate:
    """What was decided about one message of a mailbox, and what the provider said of it."""

    provider_id: str
    provider_thread_id: str
    state: LedgerState
    labels: frozenset[str]
    provider_at: datetime
    reason: str = ""
    error: str = ""
    message_id: UUID | None = None
    bcc: tuple[dict[str, str], ...] = ()
    rule_id: int | None = None


def write_fates(mailbox: Mailbox, fates: Iterable[Fate], *, at: datetime) -> None:
    """Write what became of these messages, whether or not the ledger has them; what is stored stays stored."""
    rows = {fate.provider_id: _row(fate) for fate in fates}
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _UPSERT, [mailbox.pk, mailbox.team_id, at, at, json.dumps(list(rows.values()))]
        )


def write_gone(mailbox: Mailbox, provider_ids: Sequence[str], *, at: datetime) -> None:
    """Note that these waiting messages were deleted before they could be fetched."""
    if provider_ids:
        MailboxMessage.objects.filter(
            mailbox=mailbox, provider_id__in=provider_ids, state=LedgerState.WAITING
        ).update(state=LedgerState.GONE, is_removed_at_source=True, decided_at=at, try_after=None)


def mark_evidence(mailbox: Mailbox, provider_ids: Sequence[str]) -> None:
    """Note that these messages are stored for what they tell of sent ones, not for a contact."""
    if provider_ids:
        MailboxMessage.objects.filter(mailbox=mailbox, provider_id__in=provider_ids).update(
            reason=EVIDENCE
        )


def _row(fate: Fate) -> dict[str, object]:
    return {
        "provider_id": fate.provider_id,
        "provider_thread_id": fate.provider_thread_id,
        "state": str(fate.state),
        "reason": str(fate.reason),
        "error": storable(fate.error),
        "message_id": str(fate.message_id) if fate.message_id else None,
        "labels": sorted(fate.labels),
        "provider_at": fate.provider_at.isoformat(),
        "bcc": list(fate.bcc) or None,
        "rule_id": fate.rule_id,
    }


_UPSERT = """
    INSERT INTO correspondence_mailboxmessage AS ledger (
        mailbox_id, team_id, attempts, listed_at, decided_at, is_removed_at_source,
        provider_id, provider_thread_id, state, reason, error, message_id, labels, provider_at, bcc, rule_id)
    SELECT %s, %s, 0, %s, %s, false,
        provider_id, provider_thread_id, state, reason, error, message_id, labels, provider_at, bcc, rule_id
    FROM jsonb_to_recordset(%s::jsonb) AS fate (
        provider_id text, provider_thread_id text, state text, reason text, error text, message_id uuid,
        labels text[], provider_at timestamptz, bcc jsonb, rule_id bigint)
    ON CONFLICT (mailbox_id, provider_id) DO UPDATE SET
        state = excluded.state, reason = excluded.reason, error = excluded.error, try_after = NULL,
        message_id = excluded.message_id, provider_thread_id = excluded.provider_thread_id,
        labels = excluded.labels, provider_at = excluded.provider_at, decided_at = excluded.decided_at,
        bcc = excluded.bcc, rule_id = excluded.rule_id, hidden_message_id = NULL
    WHERE ledger.state <> 'stored' OR excluded.state = 'stored'
"""
