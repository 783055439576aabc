"""The worker's doors, through which a job comes in."""

from __future__ import annotations

import pytest
from django.utils.timezone import now

from factories import a_contact
from letterbook.outgoing import tasks
from sending import SendingWorld


@pytest.fixture
def real_time(alice, settings):
    """A world whose clock agrees with the database's, which the worker goes by."""
    settings.UNDO_SECONDS = 0.001
    world = SendingWorld(alice, settings, now())
    # The job table is not Django's, so what another test committed is still in it.
    world.forget_jobs()
    return world


def test_the_sweep_finds_what_no_job_was_left_for(real_time, settings):
    """S8, S31: a lost job leaves no email behind; a second sweep asks for nothing more."""
    settings.SWEEP_EVERY_SECONDS = 0.001
    email = real_time.queue()
    assert len(real_time.forget_jobs()) == 1
    tasks.deliver_due_emails(timestamp=0)
    tasks.deliver_due_emails(timestamp=30)
    (job,) = real_time.forget_jobs()
    assert job == ("deliver_mailbox", {"mailbox_id": str(email.mailbox_id), "lane": 1})
    tasks.deliver_mailbox(**job[1])
    real_time.check(email)
    assert email.status == "sent"


def test_the_doors_after_sending_and_cancelling(real_time):
    a_contact(real_time.member, "Anna Lind", "anna@lindwerk.example")
    real_time.gmail.fail("messages.get", "refuse:503")
    email = real_time.queue()
    tasks.deliver_email(email_id=str(email.pk))
    tasks.record_copy(email_id=str(email.pk))
    tasks.record_copy(email_id=str(email.pk))
    email.refresh_from_db()
    assert email.message is not None
    # Asked for by mistake: an email that is no draft keeps what it has at Gmail.
    tasks.remove_provider_draft(frozen_id=email.frozen.get().pk)
    assert "drafts.delete" not in real_time.calls


@pytest.mark.parametrize("door", ["record_copy", "remove_provider_draft"])
def test_a_dead_permission_stops_the_mailbox_there_too(real_time, door):
    """F15."""
    email = real_time.queue()
    how = "messages.get" if door == "record_copy" else "drafts.send"
    real_time.gmail.fail(how, "refuse:503" if door == "record_copy" else "refuse:429")
    tasks.deliver_email(email_id=str(email.pk))
    if door == "remove_provider_draft":
        real_time.cancel(email)
    real_time.gmail.revoke(real_time.mailbox.address)
    for name, arguments in real_time.forget_jobs(door) or [(door, {"email_id": str(email.pk)})]:
        getattr(tasks, name)(**arguments)
    real_time.mailbox.refresh_from_db()
    assert real_time.mailbox.state == "needs_reconnecting"
