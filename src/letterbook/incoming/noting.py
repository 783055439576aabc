"""Noting in the ledger what a provider listed or told of its history: new rows wait, known rows follow their labels."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import connection

from letterbook.correspondence.models import LedgerState, MailboxMessage, SkipReason
from letterbook.correspondence.sharing.settling import settle_changed_labels
from letterbook.correspondence.threading import lock_correspondence
from letterbook.incoming.labels import LABEL_REASONS
from letterbook.incoming.leaving_out import LabelRules, read_label_rules
from letterbook.incoming.policy import REASONS_FOR_WANT_OF_A_CONTACT
from letterbook.incoming.removals import hide_removed
from letterbook.mailboxes.models import Mailbox
from letterbook.providers.mail import HistoryChange, MessageRef


def note_listed(mailbox: Mailbox, refs: Iterable[MessageRef], *, at: datetime) -> int:
    """Let listed messages that were not known wait to be fetched, and return how many those are.

    Listings leave out spam and the bin, so what was skipped for being there has come out of it.
    """
    return _note(mailbox, refs, reopened=(SkipReason.SPAM, SkipReason.TRASH), at=at)


def note_wanted(mailbox: Mailbox, refs: Iterable[MessageRef], *, at: datetime) -> int:
    """Do the same for messages that somebody is on who is a contact now: they were left out for want of one."""
    reopened = (SkipReason.SPAM, SkipReason.TRASH, *REASONS_FOR_WANT_OF_A_CONTACT)
    return _note(mailbox, refs, reopened=reopened, at=at)


def note_left_out(mailbox: Mailbox, refs: Iterable[MessageRef], *, at: datetime) -> int:
    """Note listed messages that were not known as left out: the mail with contacts was asked for already."""
    rows = MailboxMessage.objects.bulk_create(
        [
            MailboxMessage(
                mailbox_id=mailbox.pk,
                team_id=mailbox.team_id,
                provider_id=ref.id,
                provider_thread_id=ref.thread_id,
                state=LedgerState.SKIPPED,
                reason=SkipReason.NOT_FETCHED,
                listed_at=at,
                decided_at=at,
            )
            for ref in refs
        ],
        ignore_conflicts=True,
    )
    return len(rows)


def _note(
    mailbox: Mailbox, refs: Iterable[MessageRef], *, reopened: Sequence[SkipReason], at: datetime
) -> int:
    rows = [{"provider_id": ref.id, "provider_thread_id": ref.thread_id} for ref in refs]
    unique = list({row["provider_id"]: row for row in rows}.values())
    reasons = [str(reason) for reason in reopened]
    with connection.cursor() as cursor:
        cursor.execute(_NOTE_LISTED, [mailbox.pk, mailbox.team_id, at, json.dumps(unique), reasons])
        return sum(is_new for (is_new,) in cursor)


def note_changes(mailbox: Mailbox, changes: Iterable[HistoryChange], *, at: datetime) -> int:
    """Bring the ledger up to what changed, and return how many messages were not known.

    New messages wait, unless their labels say to skip them. What left spam or the bin, or is no draft any more, waits
    again. What was deleted stays if it is stored, marked as removed at its source.
    """
    told_of = list(changes)
    if not told_of:
        return 0
    # Labels may hide: whoever chooses which, or stores mail, must not be doing so at this moment.
    lock_correspondence(mailbox.team_id)
    rows = list(_latest(told_of, read_label_rules(mailbox)).values())
    told = json.dumps(rows)
    with connection.cursor() as cursor:
        cursor.execute(_NOTE_NEW, [mailbox.pk, mailbox.team_id, at, at, told])
        new: int = cursor.rowcount
        cursor.execute(
            _NOTE_CHANGED, [list(LABEL_REASONS), list(LABEL_REASONS), at, told, mailbox.pk]
        )
    settle_changed_labels(mailbox, [change.id for change in told_of])
    if any(row["is_removed"] for row in rows):
        hide_removed(mailbox)
    return new


def _latest(changes: Iterable[HistoryChange], rules: LabelRules) -> dict[str, dict[str, object]]:
    """What is true of each message after all changes; labels that were not told are null."""
    latest: dict[str, dict[str, object]] = {}
    for change in changes:
        before = latest.get(change.id, {})
        # Gmail leaves an empty list out: only after taking labels away does none told mean none left.
        is_told = bool(change.labels) or change.kind == "labels_removed"
        labels = sorted(change.labels) if is_told else before.get("labels")
        reason = rules.reason(frozenset(change.labels)) if is_told else before.get("reason")
        latest[change.id] = {
            "provider_id": change.id,
            "provider_thread_id": change.thread_id,
            "labels": labels,
            "state": LedgerState.SKIPPED if reason else LedgerState.WAITING,
            "reason": reason or "",
            "is_removed": bool(before.get("is_removed")) or change.kind == "deleted",
        }
    return latest


_NOTE_LISTED = """
    INSERT INTO correspondence_mailboxmessage AS ledger (
        mailbox_id, team_id, state, reason, error, attempts, labels, listed_at, is_removed_at_source,
        provider_id, provider_thread_id)
    SELECT %s, %s, 'waiting', '', '', 0, '{}', %s, false, provider_id, provider_thread_id
    FROM jsonb_to_recordset(%s::jsonb) AS shown (provider_id text, provider_thread_id text)
    ON CONFLICT (mailbox_id, provider_id) DO UPDATE SET
        state = 'waiting', reason = '', decided_at = NULL, try_after = NULL, is_removed_at_source = false
    WHERE ledger.state = 'gone' OR (ledger.state = 'skipped' AND ledger.reason = ANY(%s))
    RETURNING ledger.xmax = 0
"""
_SHOWN = """
    jsonb_to_recordset(%s::jsonb) AS shown (
        provider_id text, provider_thread_id text, labels text[], state text, reason text, is_removed boolean)
"""
_NOTE_NEW = f"""
    INSERT INTO correspondence_mailboxmessage (
        mailbox_id, team_id, error, attempts, listed_at, decided_at, provider_id, provider_thread_id,
        labels, reason, is_removed_at_source, state)
    SELECT %s, %s, '', 0, %s, CASE WHEN is_removed OR state <> 'waiting' THEN %s::timestamptz END,
        provider_id, provider_thread_id, coalesce(labels, '{{}}'), reason, is_removed,
        CASE WHEN is_removed AND state = 'waiting' THEN 'gone' ELSE state END
    FROM {_SHOWN}
    ON CONFLICT (mailbox_id, provider_id) DO NOTHING
"""  # noqa: S608 - put together from constants
# A row is open to what its labels say while it waits, or was skipped for them.
_NOTE_CHANGED = f"""
    UPDATE correspondence_mailboxmessage ledger SET
        labels = coalesce(shown.labels, ledger.labels),
        is_removed_at_source = ledger.is_removed_at_source OR shown.is_removed,
        reason = CASE WHEN NOT shown.is_removed AND (
                ledger.state = 'waiting' OR ledger.state = 'skipped' AND ledger.reason = ANY(%s))
            THEN shown.reason ELSE ledger.reason END,
        state = CASE
            WHEN shown.is_removed AND ledger.state = 'waiting' THEN 'gone'
            WHEN NOT shown.is_removed AND (
                ledger.state = 'waiting' OR ledger.state = 'skipped' AND ledger.reason = ANY(%s)) THEN shown.state
            ELSE ledger.state END,
        decided_at = CASE WHEN ledger.state = 'waiting' AND (shown.is_removed OR shown.state <> 'waiting')
            THEN %s ELSE ledger.decided_at END
    FROM {_SHOWN}
    WHERE ledger.mailbox_id = %s AND ledger.provider_id = shown.provider_id
"""  # noqa: S608 - put together from constants
