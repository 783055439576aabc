"""Choosing, asking, answering, looking as a team-mate and breaking the glass, as people do it on pages."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse
from django.utils.timezone import now

from browsing import as_member, words
from factories import a_contact, a_mailbox, a_message
from letterbook.correspondence.models import AccessRequest, Admission, HidingLabels
from letterbook.mailboxes.models import MailboxLabel, Sharing
from letterbook.teams.models import Role

PRIVATE, METADATA, SUBJECT, FULL = Sharing


@pytest.fixture
def box(alice):
    return a_mailbox(alice, sharing=SUBJECT, address="alice@haldenrowe.example")


@pytest.fixture
def anna(alice):
    return a_contact(alice, "Anna Lind", "anna@lindwerk.example")


@pytest.fixture
def message(box, anna):
    return a_message(box, anna, subject="The very subject", text="The very text.")


def press(browser, name, *args, **fields):
    answer = browser.post(reverse(name, args=args), fields)
    assert answer.status_code == 303, (answer.status_code, words(answer))
    return answer


def test_the_owner_shares_a_contact_and_a_conversation_otherwise(box, anna, message, alice, bob):
    owner, mate = as_member(alice), as_member(bob)
    contact, conversation = (
        reverse("contact", args=[anna.pk]),
        reverse("conversation", args=[message.thread_id]),
    )
    assert "Shared with the team" in words(owner.get(contact))
    assert "Shared with the team" not in words(mate.get(conversation))
    press(owner, "share-contact", anna.pk, sharing=str(int(PRIVATE)))
    assert "The very subject" not in words(mate.get(contact))
    assert mate.get(conversation).status_code == 404
    press(owner, "share-conversation", message.thread_id, sharing=str(int(FULL)))
    assert "The very text" in words(mate.get(conversation))
    page = words(owner.get(reverse("who-may-see", args=[box.pk])))
    assert "The very subject" in page
    assert "Anna Lind" in page
    assert "Bob Rowe</b>" in page
    assert ">read it</a>" in page
    assert "Bob Rowe read it" in words(owner.get(conversation))
    assert "read it" not in words(mate.get(conversation))
    press(owner, "share-conversation", message.thread_id, sharing="usual")
    assert mate.get(conversation).status_code == 404
    wrong = owner.post(reverse("share-contact", args=[anna.pk]), {"sharing": "9"})
    assert wrong.status_code == 422


@pytest.mark.parametrize("answer", ["thread", "contact", "always"])
def test_bob_asks_and_alice_answers_on_her_page_of_today(answer, box, anna, message, alice, bob):
    """S90: once asked, once answered, and taken back."""
    owner, mate = as_member(alice), as_member(bob)
    conversation = reverse("conversation", args=[message.thread_id])
    assert "Ask to read it" in words(mate.get(reverse("contact", args=[anna.pk])))
    assert "Ask Alice Halden to share" in words(mate.get(conversation))
    for _ in range(2):
        press(mate, "ask-to-read", message.thread_id, contact=str(anna.pk))
    asked = AccessRequest.objects.get()
    assert "You asked Alice Halden" in words(mate.get(conversation))
    today = words(owner.get(reverse("today")))
    assert "Bob Rowe asks to read" in today
    assert "All with Anna Lind" in today
    assert "asks to read" not in words(mate.get(reverse("today")))
    press(owner, "answer-asked", asked.pk, answer=answer)
    assert "The very text" in words(mate.get(conversation))
    assert "asks to read" not in words(owner.get(reverse("today")))
    assert "Bob Rowe" in words(owner.get(reverse("who-may-see", args=[box.pk])))
    press(owner, "end-admission", Admission.objects.get().pk)
    assert "The very text" not in words(mate.get(conversation))


def test_a_no_is_shown_and_ends_the_asking(message, alice, bob):
    mate = as_member(bob)
    press(mate, "ask-to-read", message.thread_id, contact="nonsense")
    press(as_member(alice), "answer-asked", AccessRequest.objects.get().pk, answer="no")
    page = words(mate.get(reverse("conversation", args=[message.thread_id])))
    assert "Alice Halden would rather not share it" in page
    assert "Ask Alice" not in page
    assert mate.post(reverse("ask-to-read", args=[message.thread_id])).status_code == 409


def test_strangers_and_team_mates_reach_none_of_it(box, anna, message, alice, bob, charlie):
    press(as_member(bob), "ask-to-read", message.thread_id)
    asked = AccessRequest.objects.get()
    for member in (bob, charlie):
        browser = as_member(member)
        assert browser.get(reverse("who-may-see", args=[box.pk])).status_code == 404
        for name, args in (
            ("hide-labels", [box.pk]),
            ("share-as-usual", [box.pk, 1]),
            ("share-conversation", [message.thread_id]),
            ("answer-asked", [asked.pk]),
            ("end-admission", [asked.pk]),
            ("notice-glass", [asked.pk]),
        ):
            answer = browser.post(reverse(name, args=args), {"sharing": "3", "answer": "always"})
            assert answer.status_code == 404, (name, member)
    outsider = as_member(charlie)
    for name, args in (
        ("share-contact", [anna.pk]),
        ("ask-to-read", [message.thread_id]),
        ("look-as", [alice.user_id]),
        ("break-glass", [box.pk]),
    ):
        answer = outsider.post(
            reverse(name, args=args), {"sharing": "3", "reason": "Why not at all"}
        )
        assert answer.status_code == 404, name
    assert as_member(bob).post(reverse("propose-sharing"), {"sharing": "3"}).status_code == 403


def test_labels_that_hide_are_chosen_by_name(box, alice):
    MailboxLabel.objects.create(mailbox=box, team=alice.team, label_id="L1", name="Private")
    owner = as_member(alice)
    page = owner.get(reverse("who-may-see", args=[box.pk])).content.decode()
    assert 'value="L1" checked' in page
    press(owner, "hide-labels", box.pk, label=["L1", "STARRED"])
    assert HidingLabels.objects.get(mailbox=box).labels == ["L1", "STARRED"]


def test_whoever_looks_as_a_team_mate_sees_as_they_do_and_changes_nothing(
    box, anna, message, alice, bob
):
    """Both conditions hold: what bob may see, of what alice may see anyway."""
    owner = as_member(alice)
    a_message(a_mailbox(bob, sharing=PRIVATE), anna, subject="Of bob alone")
    a_message(a_mailbox(alice, sharing=PRIVATE), anna, subject="Of alice alone")
    contact = reverse("contact", args=[anna.pk])
    press(owner, "look-as", bob.user_id)
    page = words(owner.get(contact))
    assert "You see what Bob Rowe sees" in page
    assert "The very subject" in page
    assert "The very text" not in page
    assert "alone" not in page
    found = words(owner.get(reverse("search"), {"q": "alone"}))
    assert "Of alice" not in found
    assert "Of bob" not in found
    for answer in (
        owner.get(reverse("outbox")),
        owner.post(reverse("share-contact", args=[anna.pk]), {"sharing": "3"}),
        owner.post(reverse("look-as", args=[bob.user_id])),
    ):
        assert answer.status_code == 409
        assert "Stop looking as them first" in words(answer)
    press(owner, "stop-looking")
    assert "The very text" in words(owner.get(contact))
    assert owner.post(reverse("look-as", args=[alice.user_id])).status_code == 404


def test_an_admin_breaks_the_glass_and_the_owner_reads_of_it_at_once(anna, alice, bob):
    """P8: in the open, with a reason, for a day."""
    box = a_mailbox(bob, sharing=PRIVATE)
    message = a_message(box, anna, subject="The private one")
    admin, owner = as_member(alice), as_member(bob)
    conversation = reverse("conversation", args=[message.thread_id])
    assert "Open for 24 hours" in words(admin.get(reverse("mailbox", args=[box.pk])))
    assert admin.get(conversation).status_code == 404
    assert admin.post(reverse("break-glass", args=[box.pk]), {"reason": ""}).status_code == 422
    press(admin, "break-glass", box.pk, reason="A client waits, and Bob is away")
    assert "The private one" in words(admin.get(conversation))
    opened = words(admin.get(reverse("mailbox", args=[box.pk])))
    assert "Open to you until" in opened
    assert "Open for 24 hours" not in opened
    assert "not read what is not shared" not in opened
    told = words(owner.get(reverse("today")))
    assert "Alice Halden opened" in told
    assert "A client waits, and Bob is away" in told
    press(owner, "notice-glass", Admission.objects.get().pk)
    assert "Alice Halden opened" not in words(owner.get(reverse("today")))
    listed = words(owner.get(reverse("who-may-see", args=[box.pk])))
    assert "A client waits, and Bob is away" in listed
    assert ">read it</a>" in listed
    Admission.objects.update(ends_at=now())
    assert admin.get(conversation).status_code == 404
    assert "Open for 24 hours" in words(admin.get(reverse("mailbox", args=[box.pk])))


def test_what_is_proposed_to_the_team_is_chosen_already_when_connecting(alice, bob):
    browser = as_member(bob)
    proposed = 'value="1" class="radio radio-sm radio-primary mt-0.5" required checked'
    assert proposed not in browser.get(reverse("connect-mailbox")).content.decode()
    alice.role = Role.ADMIN
    press(as_member(alice), "propose-sharing", sharing=str(int(METADATA)))
    page = browser.get(reverse("connect-mailbox"))
    assert proposed in page.content.decode()
    assert "what a team-mate sees of one email" in words(page)


def test_a_page_that_is_not_shown_meanwhile_lets_one_stop_looking(anna, alice, bob):
    """Today is among them: its refusal must not lead only to itself."""
    owner, shared = as_member(alice), reverse("share-contact", args=[anna.pk])
    contact = reverse("contact", args=[anna.pk])
    for asked, leads_to in (("/", "/"), ("/outbox?show=sent", "/outbox?show=sent")):
        press(owner, "look-as", bob.user_id)
        assert stops(owner.get(asked), owner)["Location"] == leads_to
        assert owner.get(leads_to).status_code == 200
    press(owner, "look-as", bob.user_id)
    refused = owner.post(shared, headers={"Referer": f"http://testserver{contact}"})
    assert stops(refused, owner)["Location"] == contact


def stops(page, browser):
    assert "Stop looking as Bob Rowe" in words(page)
    [address] = re.findall(r'action="(/team/people/stop[^"]*)"', words(page))
    return browser.post(address)
