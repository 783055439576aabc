"""The provider accepted an email: it is sent, and that is final."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from letterbook.kit.refusals import Conflict
from letterbook.mime.send_keys import SEND_KEY_HEADER
from letterbook.outgoing.asking import SentCopy, carries_key
from letterbook.outgoing.claiming import Claim, Superseded, tell_of
from letterbook.outgoing.clock import Clock
from letterbook.outgoing.filing import SentEmail, file_copies
from letterbook.outgoing.models import WORKER, FrozenEmail, OutgoingEmail
from letterbook.outgoing.scheduling import record_copy_soon
from letterbook.providers.errors import Gone, ProviderError
from letterbook.providers.mail import MailProvider, MessageHeaders, SentMessage


def accept(
    claim: Claim, provider: MailProvider, sent: SentMessage, *, clock: Clock
) -> SentEmail | None:
    """Write down that the provider just accepted the email; return it to be told and filed, None where that is seen to.

    The copy is filed in a transaction of its own: if that is what goes wrong, the email is sent all the same.
    """
    try:
        headers = provider.fetch_headers(sent.id, names=("Message-ID",))
    except ProviderError:
        # Known to be sent; only how it went out could not be read back.
        _mark_sent_and_record_later(claim, sent, sent_at=clock(), at=clock())
        return None
    _mark_sent(claim, sent, sent_at=headers.received_at, at=clock())
    return SentEmail(claim.email, claim.frozen, headers)


def adopt(claim: Claim, copy: SentCopy, *, clock: Clock) -> None:
    """Write down that the email turned out to have been sent earlier, at the time its copy tells.

    Its copy is recorded by a job of its own: if recording is what the earlier attempt died of, it is sent all the same.
    """
    sent = SentMessage(copy.headers.id, copy.headers.thread_id)
    _mark_sent_and_record_later(claim, sent, sent_at=copy.headers.received_at, at=clock())


@transaction.atomic
def _mark_sent_and_record_later(
    claim: Claim, sent: SentMessage, *, sent_at: datetime, at: datetime
) -> None:
    _mark_sent(claim, sent, sent_at=sent_at, at=at)
    record_copy_soon(claim.email.pk)
    tell_of([claim.email])


def _mark_sent(claim: Claim, sent: SentMessage, *, sent_at: datetime, at: datetime) -> None:
    email = claim.email
    try:
        email.mark_sent(
            WORKER,
            at=at,
            attempt=email.attempt,
            sent_at=sent_at,
            gmail_message_id=sent.id,
            gmail_thread_id=sent.thread_id,
        )
    except Conflict as conflict:
        raise Superseded from conflict


def record_copy(email: OutgoingEmail, provider: MailProvider, *, at: datetime) -> None:
    """Bring the copy of an email that was sent earlier into the history; raises what the provider raises."""
    try:
        headers: MessageHeaders | None = provider.fetch_headers(
            email.gmail_message_id, names=("Message-ID", SEND_KEY_HEADER)
        )
    except Gone:
        headers = None
    file_copies(email.mailbox, [SentEmail(email, _round_of(email, headers), headers)], at=at)


def _round_of(email: OutgoingEmail, headers: MessageHeaders | None) -> FrozenEmail:
    """Return the bytes that went out: after "send again" there are two, and either may have."""
    rounds = list(email.frozen.order_by("-round"))
    return next((one for one in rounds if headers and carries_key(headers, one)), rounds[0])
