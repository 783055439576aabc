"""Storing the draft at the provider: the token by which an email is handed over at most once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Q

from letterbook.correspondence.models import MailboxMessage
from letterbook.outgoing.asking import SentCopy, find_orphan, find_sent_copy, is_untouched
from letterbook.outgoing.claiming import Claim
from letterbook.outgoing.lines import Line
from letterbook.outgoing.models import OutgoingEmail, Step
from letterbook.providers.errors import Gone
from letterbook.providers.mail import Draft, MailProvider


@dataclass(frozen=True, slots=True)
class ReadyDraft:
    """A draft of exactly our bytes; `learnt` has to be written down before it is submitted."""

    learnt: Mapping[str, str]


def prepare_draft(claim: Claim, line: Line) -> SentCopy | ReadyDraft:
    """Have a draft of exactly our bytes at the provider; return the copy in SENT instead, when there is one already."""
    provider = line.provider
    copy = _copy_of_earlier_round(claim, provider) if claim.frozen.round > 1 else None
    if copy is not None:
        return copy
    if claim.frozen.draft_id:
        draft = provider.find_draft(claim.frozen.draft_id)
        if draft is not None and is_untouched(draft, claim.frozen):
            return ReadyDraft({})
        # Edited, deleted or sent by hand in Gmail. We never submitted it, so unless it was sent, it is made anew.
        copy = find_sent_copy(provider, claim.frozen)
        if copy is not None:
            return copy
    return _store(claim, line)


def _copy_of_earlier_round(claim: Claim, provider: MailProvider) -> SentCopy | None:
    """Look once more for what a person decided to send again although it may have been sent.

    And for what lay in Gmail as a draft until it was dated anew: its owner can have sent it there by hand.
    """
    earlier = claim.email.frozen.filter(
        Q(submitted_at__isnull=False) | ~Q(draft_id=""), round__lt=claim.frozen.round
    ).order_by("-round")
    copies = (find_sent_copy(provider, frozen) for frozen in earlier)
    return next((copy for copy in copies if copy is not None), None)


def _store(claim: Claim, line: Line) -> ReadyDraft:
    # Read before there is a draft, so that everything that can become of it lies after this point.
    cursor = line.cursor_before()
    draft = _orphan(claim, line.provider) or _create(claim, line.provider)
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
