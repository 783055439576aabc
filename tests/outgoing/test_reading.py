"""Counting and finding outgoing email, for whom it is to be seen; and what emails are about."""

from __future__ import annotations

from datetime import timedelta

import pytest

from factories import a_contact
from letterbook.contacts.models import Contact
from letterbook.kit.refusals import Invalid, NotAllowed, NotFound
from letterbook.mailboxes.models import Sharing
from letterbook.outgoing import reading
from letterbook.outgoing import subject_types as subject_types_module
from letterbook.outgoing.models import WORKER, Actor, OutgoingEmail
from letterbook.outgoing.queueing import dismiss, queue_email
from letterbook.outgoing.reading import (
    EmailFilter,
    OutboxCounts,
    emails_for,
    outbox_counts,
    unsent_for_contact,
)
from letterbook.outgoing.regarding import (
    Subject,
    emails_about,
    link_subject,
    subjects_of,
    unlink_subject,
)
from letterbook.outgoing.status import ErrorClass, Status
from letterbook.outgoing.subject_types import SubjectType, register_subject_type, subject_types


def fail(email, at):
    email.mark_failed(WORKER, at=at, attempt=0, error_class=ErrorClass.REJECTED, error="No.")


def test_the_counts_are_what_a_member_may_know_of(alice, bob, charlie, write, queued, at):
    """S1, S35: a draft is its author's alone."""
    write()
    broken = write()
    queue_email(broken, by=Actor.person(alice), member=alice, at=at)
    fail(broken, at)
    assert outbox_counts(alice) == OutboxCounts(draft=1, queued=1, sent=0, failed=1, to_decide=1)
    assert outbox_counts(bob) == OutboxCounts(draft=0, queued=1, sent=0, failed=1, to_decide=0)
    assert outbox_counts(charlie) == OutboxCounts(0, 0, 0, 0, 0)
    dismiss(broken, member=alice, at=at)
    assert outbox_counts(alice) == OutboxCounts(draft=1, queued=1, sent=0, failed=1, to_decide=0)


def test_nothing_is_counted_further_than_it_is_shown(alice, write, monkeypatch):
    """Ten thousand drafts cost the page no more than a thousand."""
    monkeypatch.setattr(reading, "MOST_COUNTED", 2)
    for _ in range(5):
        write()
    assert outbox_counts(alice).draft == 3


def test_emails_are_found_by_status_mailbox_author_contact_and_period(
    alice, bob, mailbox, write, queued, at
):
    """S1."""
    anna = a_contact(alice, "Anna Lind", "anna@lindwerk.example")
    to_anna, draft = write(), write(to="other@x.example")

    def found(**wanted):
        return set(emails_for(alice, EmailFilter(**wanted)))

    assert found() == {queued, to_anna, draft}
    assert found(status=Status.QUEUED) == {queued}
    assert found(mailbox_id=mailbox.pk) == {queued, to_anna, draft}
    assert found(mailbox_id=anna.pk) == set()
    assert found(author_id=bob.user_id) == set()
    assert found(contact_ids=[anna.pk]) == {to_anna}
    assert found(contact_ids=[]) == set()
    OutgoingEmail.objects.filter(pk=draft.pk).update(updated_at=at - timedelta(days=9))
    week = at - timedelta(days=7)
    assert found(since=week) == {queued, to_anna}
    assert found(until=week) == {draft}


def test_what_waits_for_a_contact_is_found_until_it_is_settled(alice, write, at):
    anna = a_contact(alice, "Anna Lind", "anna@lindwerk.example")
    emails = [write(subject=str(number)) for number in range(3)]
    for number, email in enumerate(emails):
        queue_email(email, by=Actor.person(alice), member=alice, at=at + timedelta(minutes=number))
    fail(emails[0], at + timedelta(hours=1))
    write(to="other@x.example")
    assert set(unsent_for_contact(alice, anna)) == set(emails)
    dismiss(emails[0], member=alice, at=at)
    assert set(unsent_for_contact(alice, anna)) == {emails[1], emails[2]}


@pytest.mark.parametrize(("sharing", "is_seen"), [(Sharing.SUBJECT, False), (Sharing.FULL, True)])
def test_a_blind_copy_is_not_betrayed_by_the_contacts_page(
    alice, bob, mailbox, write, at, sharing, is_seen
):
    """S3: who got it blind is content."""
    anna = a_contact(alice, "Anna Lind", "anna@lindwerk.example")
    email = write(to="other@x.example", bcc="anna@lindwerk.example")
    queue_email(email, by=Actor.person(alice), member=alice, at=at)
    mailbox.sharing = sharing
    mailbox.save()
    assert unsent_for_contact(bob, anna).exists() is is_seen
    assert unsent_for_contact(alice, anna).exists()


def test_an_email_is_about_records_of_several_types_in_any_status(alice, queued, at):
    """S20."""
    anna = a_contact(alice, "Anna Lind")
    link_subject(alice, queued, subject_type="contact", subject_id=str(anna.pk), at=at)
    company = str(Contact.objects.get(pk=anna.pk).employer_id)
    link_subject(alice, queued, subject_type="company", subject_id=company, at=at)
    assert queued.regarding.get(subject_type="company").label == "lindwerk.example"
    for kind in ("deal", "task", "other"):
        link_subject(alice, queued, subject_type=kind, subject_id="D-17", label="Spring", at=at)
        link_subject(alice, queued, subject_type=kind, subject_id="D-17", at=at)
    assert queued.regarding.count() == 5
    assert queued.regarding.get(subject_type="contact").label == "Anna Lind"
    assert list(emails_about(alice, subject_type="deal", subject_id="D-17")) == [queued]
    unlink_subject(alice, queued, subject_type="deal", subject_id="D-17")
    assert not emails_about(alice, subject_type="deal", subject_id="D-17").exists()
    with pytest.raises(NotFound):
        unlink_subject(alice, queued, subject_type="deal", subject_id="D-17")


def test_deleting_the_record_leaves_the_email_and_its_link(alice, queued, at):
    """S20."""
    anna = a_contact(alice, "Anna Lind")
    link_subject(alice, queued, subject_type="contact", subject_id=str(anna.pk), at=at)
    anna.delete()
    queued.refresh_from_db()
    assert queued.regarding.get().label == "Anna Lind"


@pytest.mark.parametrize(
    ("kind", "record", "error"),
    [
        ("invoice", "1", Invalid),
        ("deal", "  ", Invalid),
        ("deal", "x" * 121, Invalid),
        ("contact", "not an id", NotFound),
        ("contact", "0190aaaa-0000-7000-8000-000000000000", NotFound),
    ],
)
def test_an_unknown_type_or_record_is_refused(alice, queued, at, kind, record, error):
    """S20."""
    with pytest.raises(error):
        link_subject(alice, queued, subject_type=kind, subject_id=record, at=at)


def test_links_are_made_by_who_may_write_and_to_ones_own_contacts(alice, bob, charlie, queued, at):
    """S20, D1, D2."""
    foreign = a_contact(charlie)
    with pytest.raises(NotFound):
        link_subject(alice, queued, subject_type="contact", subject_id=str(foreign.pk), at=at)
    with pytest.raises(NotAllowed):
        link_subject(bob, queued, subject_type="deal", subject_id="1", at=at)
    with pytest.raises(NotFound):
        link_subject(charlie, queued, subject_type="deal", subject_id="1", at=at)
    assert not emails_about(charlie, subject_type="deal", subject_id="1").exists()


def test_an_email_names_what_it_is_about_in_words_and_links(alice, bob, mailbox, queued, at):
    """S20: a record of another system has a type, an id, a name and a link."""
    anna = a_contact(alice, "Anna Lind")
    url = "https://crm.example/deals/17?tab=a"
    link_subject(alice, queued, subject_type="contact", subject_id=str(anna.pk), at=at)
    link_subject(
        alice, queued, subject_type="deal", subject_id="D-17", label="Spring\n2027", url=url, at=at
    )
    email = OutgoingEmail.objects.visible_to(bob).get(pk=queued.pk)
    assert subjects_of(email) == (
        Subject("contact", str(anna.pk), "Contact", "Anna Lind", ""),
        Subject("deal", "D-17", "Deal", "Spring 2027", url),
    )
    mailbox.sharing = Sharing.METADATA
    mailbox.save()
    assert subjects_of(OutgoingEmail.objects.visible_to(bob).get(pk=queued.pk)) == ()


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "//x.example", "https://", "https://x.example/ y", "ftp://x.example"],
)
def test_only_a_page_of_the_web_is_linked_to(alice, queued, at, url):
    """A12."""
    with pytest.raises(Invalid, match="no link"):
        link_subject(alice, queued, subject_type="deal", subject_id="1", url=url, at=at)


def test_another_app_adds_its_own_kind_of_record(alice, queued, at, monkeypatch):
    """S20: with its own way of finding one; a name that is taken, or none, is refused."""
    monkeypatch.setattr(subject_types_module, "_known", dict(subject_types_module._known))
    names = {"T-1": "Broken press"}

    def find(member, ticket_id):
        if ticket_id not in names or member.team_id != alice.team_id:
            raise NotFound("There is no such ticket.")
        return names[ticket_id]

    ticket = SubjectType("test.ticket", "Ticket", find)
    register_subject_type(ticket)
    register_subject_type(ticket)
    assert ticket in subject_types()
    link_subject(alice, queued, subject_type="test.ticket", subject_id="T-1", at=at)
    email = OutgoingEmail.objects.visible_to(alice).get(pk=queued.pk)
    assert subjects_of(email) == (Subject("test.ticket", "T-1", "Ticket", "Broken press", ""),)
    with pytest.raises(NotFound):
        link_subject(alice, queued, subject_type="test.ticket", subject_id="T-2", at=at)
    for wrong in (SubjectType("deal", "Another deal"), SubjectType("No name", "x")):
        with pytest.raises(ValueError, match="type"):
            register_subject_type(wrong)


def test_an_email_is_about_so_many_records_and_no_more(alice, queued, at):
    for number in range(50):
        link_subject(alice, queued, subject_type="deal", subject_id=str(number), at=at)
    link_subject(alice, queued, subject_type="deal", subject_id="7", at=at)
    with pytest.raises(Invalid, match="at most 50"):
        link_subject(alice, queued, subject_type="deal", subject_id="50", at=at)
