"""What is said of a mailbox, and to whom; sharing, resting, ending it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now
from procrastinate.contrib.django.models import ProcrastinateJob

from browsing import as_member, words
from factories import a_contact, a_mailbox, a_message
from letterbook.correspondence.models import LedgerState, MailboxMessage, Message, SkipReason
from letterbook.incoming.models import RetrievalRun, RunKind
from letterbook.mailboxes.models import Kind, Mailbox, MailboxState, Sharing, StoringPolicy
from letterbook.teams.models import Membership


def _ledger(mailbox: Mailbox, state: str, number: int, **fields: str) -> None:
    for index in range(number):
        MailboxMessage.objects.create(
            mailbox=mailbox,
            team_id=mailbox.team_id,
            provider_id=f"{state}-{index}",
            state=state,
            listed_at=mailbox.created_at,
            **fields,
        )


@pytest.fixture
def bobs(bob: Membership, at) -> Mailbox:
    """bob's private mailbox: three waiting, two left out, 4711 at Gmail."""
    box = a_mailbox(bob, sharing=Sharing.PRIVATE, address="bob@haldenrowe.example")
    Mailbox.objects.filter(pk=box.pk).update(provider_count=4711, retrieved_at=at)
    _ledger(box, LedgerState.WAITING, 3)
    _ledger(box, LedgerState.SKIPPED, 2, reason=SkipReason.NO_CONTACT)
    return box


def _see(member: Membership, name: str, *args: object) -> str:
    return words(as_member(member).get(reverse(name, args=args)))


def test_the_numbers_of_a_mailbox_are_its_owners(alice: Membership, bob: Membership, bobs: Mailbox):
    for page in (_see(alice, "mailboxes"), _see(alice, "mailbox", bobs.pk)):
        assert "Its numbers are its owner" in page
        assert bobs.address in page
        for number in ("3 not here yet", "3 waiting", "2 left out", "4,711", "2 of 5"):
            assert number not in page
    assert "nobody on it is a contact" not in _see(alice, "mailbox", bobs.pk)
    own = _see(bob, "mailbox", bobs.pk)
    assert "2 of 5" in own
    assert "3 waiting" in own
    assert "nobody on it is a contact" in own


@pytest.mark.parametrize(
    ("sharing", "said"),
    [(Sharing.PRIVATE, "kept private"), (Sharing.METADATA, "shares who and when")],
)
def test_the_page_of_a_team_mates_mailbox_says_how_widely_it_is_shared(
    alice: Membership, bob: Membership, bobs: Mailbox, sharing: Sharing, said: str
):
    """S76: whoever wonders why they see so little of it finds the answer there."""
    Mailbox.objects.filter(pk=bobs.pk).update(sharing=sharing)
    assert said in re.sub("<[^>]*>", "", _see(alice, "mailbox", bobs.pk))
    assert said not in re.sub("<[^>]*>", "", _see(bob, "mailbox", bobs.pk))


def test_another_teams_mailbox_is_not_there(bobs: Mailbox, charlie: Membership):
    assert bobs.address not in _see(charlie, "mailboxes")
    assert as_member(charlie).get(reverse("mailbox", args=[bobs.pk])).status_code == 404


def test_green_is_only_what_is_complete(alice: Membership, mailbox: Mailbox):
    Mailbox.objects.update(provider_count=1, retrieved_at=now(), history_cursor="1")
    assert "Counts agree" in _see(alice, "mailboxes")
    _ledger(mailbox, LedgerState.QUARANTINED, 1, error="It is no email.")
    page = _see(alice, "mailbox", mailbox.pk)
    assert "Counts agree" not in page
    assert "1 not here yet" in page
    assert "It is no email." in page


def test_sharing_is_changed_by_its_owner_and_seen_by_all(
    alice: Membership, bob: Membership, bobs: Mailbox
):
    path = reverse("share-mailbox", args=[bobs.pk])
    assert as_member(bob).post(path, {"sharing": "1"}).status_code == 303
    assert "who and when" in _see(alice, "mailboxes")
    # Its numbers would count what he keeps private of it.
    assert "2 of 5" not in _see(alice, "mailboxes")


@pytest.mark.parametrize("sharing", ["", "4", "-1", "full", "1; drop"])
def test_a_sharing_that_there_is_not_changes_nothing(bob: Membership, bobs: Mailbox, sharing: str):
    answer = as_member(bob).post(reverse("share-mailbox", args=[bobs.pk]), {"sharing": sharing})
    assert answer.status_code == 422
    bobs.refresh_from_db()
    assert bobs.sharing == Sharing.PRIVATE


def test_whose_mail_is_kept_can_be_chosen_anew(bob: Membership, bobs: Mailbox):
    path = reverse("choose-policy", args=[bobs.pk])
    assert as_member(bob).post(path, {"policy": "everyone"}).status_code == 303
    assert as_member(bob).post(path, {"policy": "whatever"}).status_code == 422
    bobs.refresh_from_db()
    assert bobs.policy == StoringPolicy.EVERYONE


def test_a_mailbox_rests_and_goes_on(bob: Membership, bobs: Mailbox):
    browser = as_member(bob)
    for verb, state, paused in (
        ("pause-sending", MailboxState.CONNECTED, True),
        ("resume-sending", MailboxState.CONNECTED, False),
        ("pause", MailboxState.PAUSED, False),
        ("resume", MailboxState.CONNECTED, False),
    ):
        assert browser.post(reverse(f"{verb}-mailbox", args=[bobs.pk])).status_code == 303
        bobs.refresh_from_db()
        assert (bobs.state, bobs.is_sending_paused) == (state, paused)


def test_a_dead_permission_is_not_resumed_away(bob: Membership, bobs: Mailbox):
    Mailbox.objects.update(state=MailboxState.NEEDS_RECONNECTING)
    answer = as_member(bob).post(reverse("resume-mailbox", args=[bobs.pk]))
    assert answer.status_code == 409
    assert "Reconnect it first." in words(answer)


def test_new_mail_can_be_asked_for(alice: Membership, mailbox: Mailbox):
    """S37: the button; asked twice, one job."""
    browser = as_member(alice)
    for _ in range(2):
        answer = browser.post(reverse("retrieve-mailbox", args=[mailbox.pk]), follow=True)
        assert "Asked Gmail for new mail." in words(answer)
    browser.post(reverse("retrieve-all"))
    jobs = ProcrastinateJob.objects.filter(task_name="retrieve_mailbox")
    assert [job.args["mailbox_id"] for job in jobs] == [str(mailbox.pk)]


def test_a_paused_mailbox_says_why_it_is_not_asked(alice: Membership, mailbox: Mailbox):
    Mailbox.objects.update(state=MailboxState.PAUSED)
    answer = as_member(alice).post(reverse("retrieve-mailbox", args=[mailbox.pk]))
    assert answer.status_code == 409
    assert "Reconnect or resume the mailbox first." in words(answer)


def _disconnect(browser: Client, mailbox: Mailbox, stored: str):
    path = reverse("disconnect-mailbox", args=[mailbox.pk])
    return browser.post(path, {"stored": stored}, follow=True)


def test_disconnecting_must_say_what_becomes_of_the_mail(alice: Membership, mailbox: Mailbox):
    assert _disconnect(as_member(alice), mailbox, "").status_code == 422
    mailbox.refresh_from_db()
    assert mailbox.is_connected


def test_disconnecting_keeps_what_is_stored(alice: Membership, mailbox: Mailbox):
    """S80: the history stays after its mailbox left."""
    contact = a_contact(alice)
    a_message(mailbox, contact)
    answer = _disconnect(as_member(alice), mailbox, "keep")
    assert "is disconnected, and Google's permission is ended." in words(answer)
    mailbox.refresh_from_db()
    assert mailbox.state == MailboxState.DISCONNECTED
    assert Message.objects.count() == 1


def test_disconnecting_can_erase_what_no_other_mailbox_holds(
    alice: Membership, bob: Membership, mailbox: Mailbox
):
    contact, other = a_contact(alice), a_mailbox(bob)
    a_message(mailbox, contact, subject="Only here")
    both = a_message(mailbox, contact, subject="In both", also_in=(other,))
    _disconnect(as_member(alice), mailbox, "erase")
    assert list(Message.objects.all()) == [both]


def test_what_was_imported_can_be_erased(alice: Membership, gmail: object):
    box = a_mailbox(alice)
    Mailbox.objects.filter(pk=box.pk).update(kind=Kind.IMPORT)
    a_message(box, a_contact(alice))
    answer = _disconnect(as_member(alice), box, "erase")
    assert f"What was imported as {box.address} is erased." in words(answer)
    assert not Message.objects.exists()


def test_a_part_of_the_page_is_made_by_the_same_view(alice: Membership, mailbox: Mailbox):
    browser = as_member(alice)
    for path in (reverse("mailboxes"), reverse("mailbox", args=[mailbox.pk]), reverse("today")):
        page = _without_tokens(words(browser.get(path)))
        part = _without_tokens(words(browser.get(path, headers={"HX-Request": "true"})))
        assert "<html" not in part
        assert part.strip() in page


def _without_tokens(page: str) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [("everyone", "comes with the next retrieval"), ("known", "what is stored stays")],
)
def test_what_another_policy_brings_is_said(alice: Membership, mailbox: Mailbox, wanted, said):
    """S67: a wider choice brings old mail, a narrower one takes nothing away."""
    Mailbox.objects.filter(pk=mailbox.pk).update(policy=StoringPolicy.WRITTEN_TO)
    path = reverse("choose-policy", args=[mailbox.pk])
    assert said in words(as_member(alice).post(path, {"policy": wanted}, follow=True))


def test_retrievals_that_fail_alike_are_one_line(alice: Membership, mailbox: Mailbox, at):
    """S41: a night without Gmail is one line, and says nothing of mail that is not new."""
    for minutes in range(3):
        begun = at + timedelta(minutes=minutes)
        RetrievalRun.objects.create(
            mailbox=mailbox,
            team=mailbox.team,
            kind=RunKind.SCHEDULED,
            started_at=begun,
            ended_at=begun,
            error="Gmail is out of reach.",
        )
    page = _see(alice, "mailbox", mailbox.pk)
    assert page.count("Gmail is out of reach.") == 1
    assert "3 times" in page
    assert "Nothing new" not in page
