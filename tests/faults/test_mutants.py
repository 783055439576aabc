"""A harness proves something only if it catches those who do it wrong: three who do."""

from __future__ import annotations

from contextlib import closing

import pytest

from letterbook.mailboxes.opening import open_mailbox
from letterbook.outgoing import claiming
from letterbook.outgoing.claiming import claim_email
from letterbook.outgoing.models import WORKER, OutgoingEmail
from letterbook.providers.errors import OutcomeUnknown, TryLater


def test_the_harness_catches_who_sends_again_after_a_timeout(sending):
    email = sending.queue()
    sending.gmail.fail("drafts.send", "act_then_drop")
    raw = bytes(email.frozen.get().raw)
    with closing(open_mailbox(sending.mailbox, clock=sending.clock)) as provider:
        for _ in range(2):
            try:
                provider.send_draft(provider.create_draft(raw).id)
            except OutcomeUnknown:
                continue
            break
    with pytest.raises(AssertionError, match="sent twice"):
        sending.check(email)


def test_the_harness_catches_who_says_sent_before_it_is(sending):
    email = sending.queue()
    sending.gmail.fail("drafts.send", "drop_before")
    claim = claim_email(email.pk, at=sending.clock())
    raw = bytes(email.frozen.get().raw)
    with closing(open_mailbox(sending.mailbox, clock=sending.clock)) as provider:
        draft = provider.create_draft(raw)
        claim.email.mark_sent(
            WORKER,
            at=sending.clock(),
            attempt=1,
            sent_at=sending.clock(),
            gmail_message_id=draft.message_id,
        )
        with pytest.raises((OutcomeUnknown, TryLater)):
            provider.send_draft(draft.id)
    with pytest.raises(AssertionError, match="never accepted"):
        sending.check(email)


def test_the_harness_catches_who_has_no_fence(sending, monkeypatch):
    def hold_without_fence(claim, **columns):
        OutgoingEmail.objects.filter(pk=claim.email.pk).update(**columns)

    monkeypatch.setattr(claiming, "_hold", hold_without_fence)
    fence = "AND status = 'queued' AND attempt = %s"
    assert fence in claiming._HELD
    monkeypatch.setattr(claiming, "_HELD", claiming._HELD.replace(fence, "AND %s > 0"))
    email = sending.queue()

    def meanwhile() -> None:
        sending.clock.pass_time(minutes=10)
        sending.work()

    with sending.interrupting(2, meanwhile, before=True):
        sending.attempt(email)
    with pytest.raises(AssertionError, match="sent twice"):
        sending.check(email)
