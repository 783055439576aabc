"""Polling: asking for news of many quiet mailboxes in one job; where there is any, or trouble, a run follows.

A quiet mailbox costs one request and its share of a few statements. What is written of it is what a run that found
nothing writes: a `RetrievalRun` without a message, a cursor as young as the answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.conf import settings
from django.db import connection, transaction

from letterbook.incoming.models import RunKind
from letterbook.incoming.quiet import quiet_among
from letterbook.incoming.requesting import retrieve_soon
from letterbook.kit.ids import new_ids
from letterbook.mailboxes.clocks import is_wrong
from letterbook.mailboxes.models import Mailbox, MailboxState
from letterbook.mailboxes.opening import open_at_hand
from letterbook.mailboxes.states import announce_mailbox
from letterbook.providers.errors import ProviderError
from letterbook.providers.mail import MailProvider

_log = structlog.get_logger(__name__)
_LANES = 5
# Who takes longer to say that nothing is new is left to a run of its own, which has more patience.
_SECONDS_A_MAILBOX = 5.0
_SECONDS_ALTOGETHER = 20.0


def poll(mailbox_ids: Sequence[UUID], *, asked_at: datetime, at: datetime) -> int:
    """Ask for news of these mailboxes, note those without, ask for a run of the others; return how many had none.

    Those that were read since they were asked for are left alone: missed polls are made up for once.
    """
    due = Mailbox.objects.filter(pk__in=mailbox_ids, state=MailboxState.CONNECTED)
    due_ids = set(due.exclude(retrieved_at__gte=asked_at).values_list("pk", flat=True))
    quiet = {mailbox.pk: mailbox for mailbox in quiet_among(due_ids, at=at)}
    cursors = _ask_for_news(quiet, open_at_hand(quiet, at=at, seconds=_SECONDS_A_MAILBOX))
    noted = _note_unchanged(quiet, cursors, at=at)
    for mailbox_id in due_ids - noted:
        retrieve_soon(mailbox_id, kind=RunKind.SCHEDULED)
    _log.info("mailboxes polled", quiet=len(noted), others=len(due_ids) - len(noted))
    return len(noted)


def _ask_for_news(
    quiet: Mapping[UUID, Mailbox], providers: Mapping[UUID, MailProvider]
) -> dict[UUID, str]:
    """The new cursor of each mailbox that nothing happened in; whatever else came of it, a run will meet again."""
    threads = ThreadPoolExecutor(_LANES)
    try:
        asked = {
            mailbox_id: threads.submit(_cursor_without_news, one, quiet[mailbox_id].history_cursor)
            for mailbox_id, one in providers.items()
        }
        wait(asked.values(), timeout=_SECONDS_ALTOGETHER)
    finally:
        # Not waited for: a thread that still waits for an answer ends by itself, and holds nothing of ours.
        threads.shutdown(wait=False, cancel_futures=True)
    answers = ((mailbox_id, _answer_of(one)) for mailbox_id, one in asked.items())
    return {mailbox_id: cursor for mailbox_id, cursor in answers if cursor}


def _cursor_without_news(provider: MailProvider, since: str) -> str:
    """Runs in a thread of its own, which must not touch the database."""
    try:
        answer = provider.list_history(since=since)
    except ProviderError:
        return ""
    is_quiet = not (answer.changes or answer.next_page or is_wrong(provider.clock_off))
    return answer.cursor if is_quiet else ""


def _answer_of(asked: Future[str]) -> str:
    # Even a defect that shows in one mailbox only is met by that one's own run, and logged there.
    if not asked.done() or asked.cancelled() or asked.exception() is not None:
        return ""
    return asked.result()


@transaction.atomic
def _note_unchanged(
    quiet: Mapping[UUID, Mailbox], cursors: Mapping[UUID, str], *, at: datetime
) -> set[UUID]:
    """Write that nothing was new, and return of which mailboxes; of none that a run reads or read meanwhile."""
    # A run takes the same lock to begin. So it either sees the cursor written here, or is seen by the next statement.
    locked = Mailbox.objects.select_for_update(skip_locked=True, no_key=True).order_by("pk")
    mailbox_ids = list(locked.filter(pk__in=cursors).values_list("pk", flat=True))
    if not mailbox_ids:
        return set()
    since = [quiet[one].history_cursor for one in mailbox_ids]
    now_at = [cursors[one] for one in mailbox_ids]
    run_ids = new_ids(len(mailbox_ids))
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, [mailbox_ids, since, now_at, run_ids, at, RunKind.SCHEDULED])
        noted = {row[0] for row in cursor.fetchall()}
    for mailbox_id in noted:
        if _looked_late(quiet[mailbox_id], at=at):
            announce_mailbox(quiet[mailbox_id])
    return noted


def _looked_late(mailbox: Mailbox, *, at: datetime) -> bool:
    """Whether pages may have shown that it was not looked at for too long; else nothing on them changes."""
    usual = timedelta(seconds=settings.RETRIEVE_EVERY_SECONDS)
    return mailbox.retrieved_at is None or at - mailbox.retrieved_at > 2 * usual


_NOTE = """
    WITH asked AS (
        SELECT * FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::uuid[]) AS t (id, since, now_at, run_id)
    ), noted AS (
        UPDATE mailboxes_mailbox mailbox
        SET history_cursor = asked.now_at, listed_at = times.at, retrieved_at = times.at
        FROM asked, (SELECT %s::timestamptz AS at) AS times
        WHERE mailbox.id = asked.id AND mailbox.history_cursor = asked.since
            AND mailbox.listing_page IS NULL AND mailbox.state = 'connected' AND mailbox.retrieval_error = ''
            AND NOT EXISTS (
                SELECT FROM incoming_retrievalrun run
                WHERE run.mailbox_id = mailbox.id AND run.ended_at IS NULL AND run.kind <> 'import'
            )
        RETURNING mailbox.id, mailbox.team_id, asked.run_id, times.at
    )
    INSERT INTO incoming_retrievalrun (id, mailbox_id, team_id, started_at, ended_at, kind, error,
        listed, stored, repeated, skipped, quarantined, gone)
    SELECT run_id, id, team_id, at, at, %s, '', 0, 0, 0, 0, 0, 0 FROM noted
    RETURNING mailbox_id
"""
