"""What erasing a person takes and leaves, and the legal hold that forbids it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from factories import a_contact, a_mailbox, a_message, a_note
from letterbook.contacts.bulk import (
    BulkChange,
    change_contacts,
    delete_chosen,
    delete_contact_later,
)
from letterbook.contacts.holding import Held, hold_contact, release_contact
from letterbook.contacts.keeping import delete_contact, remove_address
from letterbook.contacts.models import Contact, ContactAddress
from letterbook.correspondence.erasing import disconnect_and_erase
from letterbook.correspondence.models import (
    Admission,
    LaterFact,
    MailboxMessage,
    Message,
    SharingChoice,
)
from letterbook.correspondence.sharing.choosing import share_contact
from letterbook.kit.refusals import Invalid, NotAllowed, NotFound
from letterbook.mailboxes.models import Sharing
from letterbook.outgoing.afterwards import record_copy
from letterbook.outgoing.erasing import erase_contact, preview_erasure
from letterbook.outgoing.filing import SentEmail, file_copies
from letterbook.outgoing.merging import merge_contacts, undo_merge
from letterbook.outgoing.models import Actor, OutgoingEmail, StatusChange
from letterbook.outgoing.status import Status
from letterbook.outgoing.sweeping import sweep
from letterbook.project.sealing import proofs_of_seal, write_seal
from letterbook.project.verification import verify
from letterbook.teams.models import AuditEntry
from letterbook.teams.proving import examine
from letterbook.teams.second_wall import seen_by
from letterbook.timeline.deleting import delete_activity, forget_deleted
from letterbook.timeline.models import Activity
from tampering import tamper
from whole_database import where_it_says

ANNA = "anna@lindwerk.example"
BORIS = "boris@bergwerk.example"


@pytest.fixture
def anna(alice) -> Contact:
    return a_contact(alice, "Anna Lind", ANNA)


@pytest.fixture
def boris(alice) -> Contact:
    return a_contact(alice, "Boris Berg", BORIS)


def flaws() -> list[str]:
    return [flaw.what for proof in verify() for flaw in proof.flaws]


def test_of_email_written_here_only_that_it_was_sent_is_left(sending, alice, anna, boris, tmp_path):
    """S72: words, files, recipients and bytes go; the history stays whole and provable, sealed or not."""
    sent = sending.queue(to=f"Anna Lind <{ANNA}>", subject="The heron", html="<p>Heron</p>")
    both = sending.queue(to=f"{ANNA}, {BORIS}", subject="Both", html="<p>Both</p>")
    sending.work()
    draft = sending.write(to=ANNA, subject="A second heron")
    half = sending.write(to=f"{ANNA}, {BORIS}", subject="Half")
    waiting = sending.queue(to=ANNA, subject="A third heron")
    write_seal(tmp_path / "seal")
    history = list(sent.status_changes.order_by("number").values("number", "hash", "new", "at"))
    shown = preview_erasure(alice, anna)
    assert (shown.emails, shown.shared, shown.drafts, shown.outgoing) == (1, 1, 1, 2)
    erase_contact(alice, anna, at=sending.clock())
    assert where_it_says("heron") == set()
    for one in (sent, draft, waiting):
        assert not OutgoingEmail.objects.visible_to(alice).filter(pk=one.pk).exists()
    assert (
        list(sent.status_changes.order_by("number").values("number", "hash", "new", "at"))
        == history
    )
    sent.refresh_from_db()
    waiting.refresh_from_db()
    assert (sent.status, sent.recipients.count(), waiting.status) == (Status.SENT, 0, Status.DRAFT)
    assert [one.key for one in half.recipients.all()] == [BORIS]
    assert {one.key for one in both.recipients.all()} == {ANNA, BORIS}
    assert flaws() == []
    assert [
        flaw for proof in proofs_of_seal(tmp_path / "seal") for flaw in examine(proof).flaws
    ] == []
    # A sent email without its copy is looked for; this one is not.
    sending.clock.pass_time(minutes=10)
    sweep(at=sending.clock())
    record_copy(sent.pk, clock=sending.clock)
    file_copies(sending.mailbox, [SentEmail(sent, sent.frozen.get(), None)], at=sending.clock())
    sending.work()
    assert len(sending.accepted) == 2
    assert Message.objects.get().outgoing_email == both


def test_an_error_that_named_them_goes_and_its_line_keeps_its_place(sending, alice, anna):
    """S72: who empties a line of anybody else's history is found out all the same."""
    failed = sending.queue(to=ANNA)
    told = f"550 5.1.1 <{ANNA}>: no such person"
    other = sending.queue(to=BORIS)
    for email in (failed, other):
        email.refresh_from_db()
        email.mark_failed(
            Actor.person(alice),
            at=sending.clock(),
            attempt=email.attempt,
            error_class="rejected",
            error=told if email == failed else "550 no such person",
        )
    erase_contact(alice, anna, at=sending.clock())
    assert where_it_says(ANNA) == set()
    assert flaws() == []
    assert StatusChange.objects.filter(email=failed, erased_at__isnull=False).count() == 1
    with pytest.raises(Exception, match="Cannot update or delete"), transaction.atomic():
        StatusChange.objects.filter(email=other).update(erased_at=sending.clock(), actor="worker")
    # The texts alone can be taken from it, and that is told.
    StatusChange.objects.filter(email=other).update(erased_at=sending.clock(), error="", reason="")
    assert any("called erased and was not" in what for what in flaws())


def test_the_audit_log_keeps_its_chain_without_their_name(alice, anna, boris, at):
    merge_contacts(alice, boris, gone=a_contact(alice, "Boris B."), at=at)
    undone = merge_contacts(alice, boris, gone=anna, at=at)
    undo_merge(alice, undone, at=at)
    assert "teams_auditentry" in where_it_says("Anna Lind")
    erase_contact(alice, Contact.objects.get(pk=anna.pk), at=at)
    assert where_it_says("Anna Lind") == set()
    entry = AuditEntry.objects.get(what="contact erased")
    assert (entry.user, entry.subject_id, entry.details) == (alice.user, str(anna.pk), {})
    assert flaws() == []
    tamper("UPDATE teams_auditentry SET details = '{\"a\": 1}' WHERE erased_at IS NOT NULL")
    assert any("is called erased and says something" in what for what in flaws())


def test_reports_about_them_go_and_private_mail_that_stays_is_shown_to_nobody_more(
    alice, bob, anna, boris, at
):
    """S71, S72."""
    box = a_mailbox(bob, sharing=Sharing.FULL)
    ours = a_message(box, anna, direction="out")
    report = a_message(box, text=f"{ANNA} does not exist.")
    LaterFact.objects.create(
        team=alice.team,
        message=ours,
        evidence=report,
        kind="bounce",
        recipient=ANNA,
        is_hard=True,
        at=at,
    )
    both = a_message(box, anna, boris)
    share_contact(bob, anna, level=Sharing.PRIVATE, at=at)
    Admission.objects.create(
        team=alice.team, mailbox=box, user=alice.user, contact=anna, keys=[ANNA], begins_at=at
    )
    assert not Message.objects.visible_to(alice).filter(pk=both.pk).exists()
    with seen_by(alice):
        assert preview_erasure(alice, anna).emails == 0
        erase_contact(alice, anna, at=at)
    assert [one.pk for one in Message.objects.all()] == [both.pk]
    assert not Message.objects.visible_to(alice).filter(pk=both.pk).exists()
    assert not Admission.objects.exists()
    assert flaws() == []


def test_what_a_choice_said_of_nothing_that_is_left_goes_too(alice, anna, at):
    box = a_mailbox(alice)
    a_message(box, anna)
    share_contact(alice, anna, level=Sharing.PRIVATE, at=at)
    erase_contact(alice, anna, at=at)
    assert not SharingChoice.objects.exists()
    assert where_it_says(ANNA) == set()
    assert MailboxMessage.objects.get().reason == "erased"


def test_only_an_admin_of_the_team_erases(alice, bob, charlie, anna, at):
    """S71."""
    for act in (lambda: preview_erasure(bob, anna), lambda: erase_contact(bob, anna, at=at)):
        with pytest.raises(NotAllowed, match="Only an admin"):
            act()
    with pytest.raises(NotFound):
        erase_contact(charlie, anna, at=at)
    assert ContactAddress.objects.filter(key=ANNA).exists()


def test_nothing_of_a_held_contact_can_be_deleted_or_erased(alice, bob, anna, boris, at):
    """S72: it is refused with who holds it and why."""
    box = a_mailbox(alice)
    a_message(box, anna)
    note = a_note(alice, anna)
    old = a_note(alice, anna)
    Activity.objects.filter(pk=old.pk).update(deleted_at=at)
    merge = merge_contacts(alice, anna, gone=a_contact(alice, "Anna L."), at=at)
    hold_contact(alice, anna, reason="The dispute about invoice 12", at=at)
    anna.refresh_from_db()
    edit = change_contacts(bob, [anna.pk], BulkChange("delete"), at=at)
    for act in (
        lambda: delete_contact(bob, anna, at=at),
        lambda: delete_contact_later(bob, anna, at=at),
        lambda: undo_merge(alice, merge, at=at),
        lambda: erase_contact(alice, anna, at=at),
        lambda: preview_erasure(alice, anna),
        lambda: remove_address(bob, anna, address=ANNA, at=at),
        lambda: delete_activity(alice, note.pk, at=at),
        lambda: merge_contacts(bob, boris, gone=anna, at=at),
        lambda: disconnect_and_erase(alice, box, at=at),
    ):
        with pytest.raises(
            Held, match=r"Alice Halden put .* on 17 November 2026, because: The dis"
        ):
            act()
    assert delete_chosen(edit.pk, at=at) == 0
    assert forget_deleted(at=at + timedelta(days=40)) == 0
    assert Activity.with_deleted.filter(contact=anna).count() == 3
    release_contact(alice, anna, at=at)
    delete_contact(bob, anna, at=at)
    assert {"contact put under legal hold", "legal hold ended"} <= set(
        AuditEntry.objects.values_list("what", flat=True)
    )


def test_the_database_itself_refuses_to_delete_what_is_held(alice, anna, at):
    message = a_message(a_mailbox(alice), anna)
    a_note(alice, anna)
    hold_contact(alice, anna, reason="A dispute", at=at)
    rows = (
        Contact.objects.filter(pk=anna.pk),
        ContactAddress.objects.filter(contact=anna),
        Activity.objects.filter(contact=anna),
        Message.objects.filter(pk=message.pk),
    )
    for some in rows:
        with pytest.raises(Exception, match=r"legal hold|Cannot delete"), transaction.atomic():
            some.delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        Contact.objects.filter(pk=anna.pk).update(hold_reason="")


def test_only_an_admin_holds_and_only_with_a_reason(alice, bob, charlie, anna, at):
    with pytest.raises(NotAllowed):
        hold_contact(bob, anna, reason="Because", at=at)
    with pytest.raises(NotFound):
        hold_contact(charlie, anna, reason="Because", at=at)
    with pytest.raises(Invalid):
        hold_contact(alice, anna, reason=" \n ", at=at)
    hold_contact(alice, anna, reason="Because", at=at)
    with pytest.raises(NotAllowed):
        release_contact(bob, anna, at=at)
