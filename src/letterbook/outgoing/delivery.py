"""One attempt to bring a queued email to its end.

Before each network call the attempt writes down what it is about to do, so that whoever comes after a crash knows
what may have happened. What may have been sent is asked about, never sent blindly again.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from datetime import timedelta
from uuid import UUID

import structlog
from django.conf import settings

from letterbook.mailboxes.opening import open_mailbox
from letterbook.outgoing.accepting import accept, adopt
from letterbook.outgoing.asking import NothingFound, SentCopy, ask, is_young
from letterbook.outgoing.claiming import Claim, Superseded, claim_email, take_step, tell_of
from letterbook.outgoing.clock import Clock
from letterbook.outgoing.filing import SentEmail, file_copies
from letterbook.outgoing.lines import Line
from letterbook.outgoing.models import Step
from letterbook.outgoing.obstacles import find_obstacle
from letterbook.outgoing.preparing import prepare_draft
from letterbook.outgoing.refusing import (
    ask_again,
    ask_again_or_give_up,
    refuse,
    stop_at,
    wait_for_answer,
)
from letterbook.providers.errors import Gone, OutcomeUnknown, ProviderError, RefusedByProvider
from letterbook.providers.mail import MailProvider

_log = structlog.get_logger(__name__)


def deliver(email_id: UUID, *, clock: Clock) -> None:
    """Make one attempt at a due email; does nothing when it is not due, held by another, or may not go now."""
    claim = claim_email(email_id, at=clock())
    if claim is None:
        return
    mailbox = claim.email.mailbox
    tell_of([claim.email])
    with closing(open_mailbox(mailbox, clock=clock)) as provider:
        sent = attempt_delivery(claim, Line(provider), clock=clock)
    if sent is not None:
        tell_of([sent.email])
        file_copies(mailbox, [sent], at=clock())


def attempt_delivery(claim: Claim, line: Line, *, clock: Clock) -> SentEmail | None:
    """Make the attempt that was claimed; return the email when it is sent, to be told and filed."""
    try:
        return _attempt(claim, line, clock=clock)
    except Superseded:
        _log.info("attempt superseded", email=str(claim.email.pk), attempt=claim.attempt.number)
        return None


def _attempt(claim: Claim, line: Line, *, clock: Clock) -> SentEmail | None:
    if claim.is_in_doubt:
        is_unsent = _is_unsent(claim, line.provider, clock=clock)
        return _submit(claim, line.provider, {}, clock=clock) if is_unsent else None
    learnt = _draft(claim, line, clock=clock)
    return None if learnt is None else _submit(claim, line.provider, learnt, clock=clock)


def _is_unsent(claim: Claim, provider: MailProvider, *, clock: Clock) -> bool:
    """Ask what became of an earlier submission; whether the same draft may be submitted once more."""
    try:
        answer = ask(provider, claim.frozen)
    except ProviderError as error:
        ask_again(claim, error, at=clock())
        return False
    if isinstance(answer, SentCopy):
        adopt(claim, answer, clock=clock)
        return False
    if isinstance(answer, NothingFound):
        ask_again_or_give_up(claim, evidence=answer.evidence, at=clock())
        return False
    return _may_be_submitted_again(claim, clock=clock)


def _may_be_submitted_again(claim: Claim, *, clock: Clock) -> bool:
    at = clock()
    # Gmail may still be working at a request that we no longer wait for: its own time limit, and as much again.
    grace = 2 * settings.PROVIDER_TIMEOUT_SECONDS
    if is_young(claim.frozen, at=at, seconds=grace):
        submitted_at = claim.frozen.last_submitted_at or at
        due_at = submitted_at + timedelta(seconds=grace)
        wait_for_answer(claim, due_at=due_at, error="It is still a draft in Gmail.", at=at)
        return False
    obstacle = find_obstacle(claim.email, at=at)
    if obstacle is not None:
        stop_at(claim, obstacle, at=at)
        return False
    return True


def _draft(claim: Claim, line: Line, *, clock: Clock) -> Mapping[str, str] | None:
    """Have a draft at the provider and return what is to be written down of it, None when there is none to submit."""
    try:
        prepared = prepare_draft(claim, line, at=clock())
    except ProviderError as error:
        refuse(claim, error, at=clock())
        return None
    if isinstance(prepared, SentCopy):
        adopt(claim, prepared, clock=clock)
        return None
    return prepared.learnt


def _submit(
    claim: Claim, provider: MailProvider, learnt: Mapping[str, str], *, clock: Clock
) -> SentEmail | None:
    at = clock()
    is_first = not claim.is_in_doubt
    # One commit for two things that must be known before the call: which draft, and that it may be sent from here on.
    take_step(
        claim,
        Step.SUBMITTING,
        at=at,
        submitted_at=claim.frozen.submitted_at or at,
        last_submitted_at=at,
        **learnt,
    )
    try:
        sent = provider.send_draft(claim.frozen.draft_id)
    except RefusedByProvider as error:
        if isinstance(error, Gone) and not is_first:
            # No such draft, and an earlier submission may be the reason.
            ask_again(claim, error, at=clock())
        else:
            refuse(claim, error, at=clock(), was_submission=is_first)
        return None
    except OutcomeUnknown as error:
        ask_again(claim, error, at=clock())
        return None
    return accept(claim, provider, sent, clock=clock)
