"""Storing the draft at the provider: the token by which an email is handed over at most once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from letterbook.correspondence.models import MailboxMessage
from letterbook.outgoing.asking import SentCopy, find_orphan, find_sent_copy, is_untouched
from letterbook.outgoing.claiming import Claim
from letterbook.outgoing.dating import date_anew, is_dated_wrongly
from letterbook.outgoing.lines import Line
from letterbook.outgoing.models import OutgoingEmail, Step
from letterbook.providers.errors import Gone
from letterbook.providers.mail import Draft, MailProvider


@dataclass(frozen=True, slots=True)
class ReadyDraft:
    """A draft of exactly our bytes; `learnt` has to be written down before it is submitted."""

    learnt: Mapping[str, str]


def prepare_draft(claim: Claim, line: Line, *, at: datetime) -> SentCopy | ReadyDraft:
    """Have a draft of our bytes, dated now, at the provider; return the copy in SENT instead, when there is one."""
    provider = line.provider
    found = _find_what_is_there(claim, provider)
    if isinstance(found, SentCopy):
        return found
    if is_dated_wrongly(claim.frozen, at=at):
        copy = _take_away(found, claim, provider)
        if copy is not None:
            return copy
        date_anew(claim, at=at)
        found = None
    if found is not None and claim.frozen.draft_id:
        return ReadyDraft({})
    return _store(claim, line, orphan=found)


def _find_what_is_there(claim: Claim, provider: MailProvider) -> SentCopy | Draft | None:
    """Return what earlier attempts left at the provider, and what its owner made of it there."""
    copy = _copy_of_earlier_round(claim, provider) if claim.frozen.round > 1 else None
    if copy is not None:
        return copy
    if not claim.frozen.draft_id:
        return _orphan(claim, provider)
    draft = provider.find_draft(claim.frozen.draft_id)
    if draft is not None and is_untouched(draft, claim.frozen):
        return draft
    # Edited, deleted or sent by hand in Gmail. We never submitted it, so unless it was sent, it is made anew.
    return find_sent_copy(provider, claim.frozen)


def _take_away(draft: Draft | None, claim: Claim, provider: MailProvider) -> SentCopy | None:
    """Delete a draft of the bytes of before; return the copy of what its owner sent by hand a moment earlier."""
    if draft is None or provider.delete_draft(draft.id):
        return None
    return find_sent_copy(provider, claim.frozen)


def _copy_of_earlier_round(claim: Claim, provider: MailProvider) -> SentCopy | None:
    """Look once more for what a person decided to send again although it may have been sent.

    And for what lay in Gmail as a draft until it was moved to another time: its owner can have sent it there by hand.
    """
    earlier = claim.email.frozen.filter(
        Q(submitted_at__isnull=False) | ~Q(draft_id=""), round__lt=claim.frozen.round
    ).order_by("-round")
    copies = (find_sent_copy(provider, frozen) for frozen in earlier)
    return next((copy for copy in copies if copy is not None), None)


def _store(claim: Claim, line: Line, *, orphan: Draft | None) -> ReadyDraft:
    # Read before anything is submitted, so that everything that can become of it lies after this point.
    cursor = line.cursor_before()
    draft = orphan or _create(claim, line.provider)
    return ReadyDraft(
        {"draft_id": draft.id, "draft_message_id": draft.message_id, "cursor_before": cursor}
    )


def _orphan(claim: Claim, provider: MailProvider) -> Draft | None:
    if claim.attempt.number == 1:
        return None
    others = claim.frozen.attempts.exclude(pk=claim.attempt.pk)
    died_drafting = not claim.frozen.draft_id and others.filter(step=Step.DRAFTING).exists()
    return find_orphan(provider, claim.frozen) if died_drafting else None


def _create(claim: Claim, provider: MailProvider) -> Draft:
    raw = bytes(claim.frozen.raw)
    thread_id = _thread_in_mailbox(claim.email)
    try:
        return provider.create_draft(raw, thread_id=thread_id)
    except Gone:
        if not thread_id:
            raise
        # The conversation was deleted in Gmail; an answer without it is better than none.
        return provider.create_draft(raw)


def _thread_in_mailbox(email: OutgoingEmail) -> str:
    """Return the provider's id of the answered conversation; it counts within the sending mailbox only."""
    if email.answers_id is None:
        return ""
    copies = MailboxMessage.objects.filter(mailbox_id=email.mailbox_id, message=email.answers_id)
    return copies.values_list("provider_thread_id", flat=True).first() or ""
