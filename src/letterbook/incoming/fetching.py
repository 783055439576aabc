"""Fetching: the waiting messages with their sources, newest first, a few at a time, stored batch by batch."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db import connection, transaction
from django.db.models import F, Q

from letterbook.correspondence.models import LedgerState, MailboxMessage
from letterbook.incoming.models import RetrievalRun
from letterbook.incoming.storing import decide_and_store
from letterbook.kit.refusals import Conflict
from letterbook.mailboxes.models import Mailbox
from letterbook.mailboxes.quota import MESSAGE_UNITS, Allowed, spend, take
from letterbook.providers.errors import Gone, ProviderError, Rejected, TryLater
from letterbook.providers.mail import MailProvider, ProviderMessage

# Gmail answers "too many concurrent requests" at about ten, which the person's own devices share.
LANES = 5
BATCH = 50
# Somebody waits for what came last: so many a run fetches even where nothing more may be asked of Gmail just now.
_NEWEST = 10
# A batch of large messages is stored sooner, so that memory stays bounded.
_BATCH_BYTES = 16 * 1024 * 1024
_TROUBLES_IN_A_ROW = 3


@dataclass(frozen=True, slots=True)
class _Answer:
    """What came back for one message; after some errors there is no point in asking for more."""

    provider_id: str
    message: ProviderMessage | None = None
    error: ProviderError | None = None
    ends_run: bool = False


@dataclass(slots=True)
class _Lanes:
    """How many messages a run asks for together: half as many from then on when Gmail says that these are too many."""

    number: int = LANES

    def narrow(self, together: int) -> bool:
        """Go on with fewer than `together`, and return whether that can be; others were asked with as many."""
        if together == 1:
            return False
        self.number = min(self.number, together // 2)
        return True


@dataclass(slots=True)
class _Batch:
    """Answers that are not stored yet."""

    messages: list[ProviderMessage] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    rejected: list[_Answer] = field(default_factory=list)
    troubled: list[str] = field(default_factory=list)
    size: int = 0

    def add(self, answer: _Answer) -> None:
        if answer.message is not None:
            self.messages.append(answer.message)
            self.size += len(answer.message.raw)
        elif isinstance(answer.error, Gone):
            self.gone.append(answer.provider_id)
        elif isinstance(answer.error, Rejected):
            self.rejected.append(answer)
        elif _is_this_ones_trouble(answer.error):
            self.troubled.append(answer.provider_id)


def fetch_waiting(
    mailbox: Mailbox,
    *,
    provider: MailProvider,
    run: RetrievalRun,
    clock: Callable[[], datetime],
    until: datetime,
) -> datetime | None:
    """Fetch and store what waits until nothing does, the time is up, or the mailbox is no longer to be read.

    Returns when to go on where the mailbox has asked enough of Gmail for now. Raises the provider's error that ends the
    run, and `Conflict` where another run took over; what was fetched before it is stored.
    """
    is_first, lanes = True, _Lanes()
    while clock() < until and _is_still_wanted(mailbox, run):
        waiting = _newest_waiting(mailbox, at=clock())
        allowed = _allowed(mailbox, len(waiting), is_first=is_first, at=clock())
        if not allowed.messages:
            return allowed.opens_at
        waiting, is_first = waiting[: allowed.messages], False
        batch = _Batch()
        for answer in _answers(provider, waiting, lanes):
            batch.add(answer)
            if batch.size >= _BATCH_BYTES or answer.ends_run:
                _store(mailbox, batch, run, at=clock())
                batch = _Batch()
            if answer.ends_run and answer.error is not None:
                raise answer.error
        _store(mailbox, batch, run, at=clock())
    return None


def _allowed(mailbox: Mailbox, number: int, *, is_first: bool, at: datetime) -> Allowed:
    allowed = take(mailbox, messages=number, at=at)
    if allowed.messages or not number or not is_first:
        return allowed
    newest = min(number, _NEWEST)
    spend(mailbox.pk, newest * MESSAGE_UNITS, at=at)
    return Allowed(newest)


def _is_still_wanted(mailbox: Mailbox, run: RetrievalRun) -> bool:
    """The owner may pause it or change its policy while it is being read, and another run may have taken over."""
    mailbox.refresh_from_db(fields=["state", "policy"])
    if not RetrievalRun.objects.filter(pk=run.pk, ended_at=None).exists():
        raise Conflict("Another retrieval of this mailbox is under way.")
    return mailbox.is_connected


def _newest_waiting(mailbox: Mailbox, *, at: datetime) -> list[str]:
    waiting = MailboxMessage.objects.filter(
        Q(try_after=None) | Q(try_after__lte=at), mailbox=mailbox, state=LedgerState.WAITING
    )
    return list(waiting.order_by("-provider_id").values_list("provider_id", flat=True)[:BATCH])


def _answers(
    provider: MailProvider, provider_ids: Sequence[str], lanes: _Lanes
) -> Iterator[_Answer]:
    """Ask for each message, a few at a time; the answer that ends the run comes last, after those under way."""
    left, under_way = deque(provider_ids), deque[tuple[int, Future[_Answer]]]()
    troubles, last = 0, None
    with ThreadPoolExecutor(LANES) as threads:
        while left or under_way:
            while left and len(under_way) < lanes.number:
                asked = threads.submit(_ask, provider, left.popleft())
                under_way.append((lanes.number, asked))
            together, future = under_way.popleft()
            answer = future.result()
            troubles = troubles + 1 if _is_this_ones_trouble(answer.error) else 0
            if _is_crowded(answer.error) and last is None and lanes.narrow(together):
                left.append(answer.provider_id)
            elif answer.ends_run or troubles >= _TROUBLES_IN_A_ROW:
                last = answer
                left.clear()
            else:
                yield answer
    if last is not None:
        yield _Answer(last.provider_id, error=last.error, ends_run=True)


def _ask(provider: MailProvider, provider_id: str) -> _Answer:
    """Runs in a thread of its own, which must not touch the database."""
    try:
        message = provider.fetch_message(provider_id)
        # Under the id it was asked for, or its row would wait for ever.
        return _Answer(provider_id, message=replace(message, id=provider_id))
    except (Gone, Rejected) as error:
        return _Answer(provider_id, error=error)
    except ProviderError as error:
        return _Answer(provider_id, error=error, ends_run=not _is_this_ones_trouble(error))


def _is_this_ones_trouble(error: ProviderError | None) -> bool:
    """Whether Gmail stumbled over one message; being limited or out of reach concerns them all."""
    return isinstance(error, TryLater) and error.limit == "none" and error.status >= 200


def _is_crowded(error: ProviderError | None) -> bool:
    return isinstance(error, TryLater) and error.limit == "concurrency"


@transaction.atomic
def _store(mailbox: Mailbox, batch: _Batch, run: RetrievalRun, *, at: datetime) -> None:
    decide_and_store(mailbox, batch.messages, gone=batch.gone, run=run, at=at)
    waiting = MailboxMessage.objects.filter(mailbox=mailbox, state=LedgerState.WAITING)
    if batch.rejected:
        waiting.filter(provider_id__in=[each.provider_id for each in batch.rejected]).update(
            state=LedgerState.QUARANTINED, error=str(batch.rejected[0].error), decided_at=at
        )
        number = len(batch.rejected)
        RetrievalRun.objects.filter(pk=run.pk).update(quarantined=F("quarantined") + number)
    if batch.troubled:
        with connection.cursor() as cursor:
            cursor.execute(_TRY_AFTER, [at, mailbox.pk, batch.troubled])


# Twice as long each time, up to a day: a message Gmail cannot give costs next to nothing, and is never given up.
_TRY_AFTER = """
    UPDATE correspondence_mailboxmessage SET attempts = least(attempts + 1, 100),
        try_after = %s + least(interval '1 day', interval '1 minute' * power(2, least(attempts, 11)))
    WHERE mailbox_id = %s AND provider_id = ANY(%s::text[]) AND state = 'waiting'
"""
