"""The composer: nothing typed is lost, nothing is sent twice, and a no stands at its field."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils.timezone import now

from factories import a_contact, a_mailbox, a_message
from letterbook.mailboxes.models import MailboxState, SendAsAddress, Sharing
from letterbook.outgoing.models import OutgoingEmail
from letterbook.outgoing.status import Status
from written import a_draft, a_queued_email


@pytest.fixture
def box(alice):
    return a_mailbox(alice, address="alice@haldenrowe.example")


@pytest.fixture
def form(box):
    """What the composer's form holds; any field may be changed."""

    def fill(**fields):
        return {
            "from": f"{box.pk}|{box.address}",
            "to": "anna@lindwerk.example",
            "cc": "",
            "bcc": "",
            "subject": "The proofs",
            "html": "<div>Here they are.</div>",
            "key": "form-1",
            "do": "send",
        } | fields

    return fill


@pytest.fixture
def browser(client, alice):
    client.force_login(alice.user)
    return client


def text_of(response):
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def test_somebody_who_is_not_signed_in_is_led_to_signing_in(client, box):
    assert client.get(reverse("write"))["Location"].startswith(reverse("account_login"))


def test_opening_the_composer_creates_nothing(browser, box):
    body = browser.get(reverse("write") + "?to=anna@lindwerk.example").content.decode()
    assert 'name="to" value="anna@lindwerk.example"' in body
    assert not OutgoingEmail.objects.exists()


def test_who_has_no_mailbox_is_told_to_connect_one(browser):
    shown = text_of(browser.get(reverse("write")))
    assert "You have no mailbox here yet." in shown
    assert "Connect a mailbox" in shown


def test_a_new_email_is_kept_although_no_mailbox_can_send_now(browser, box, form):
    """S25, S27: it says why it cannot leave, and loses nothing that is written meanwhile."""
    box.state = MailboxState.NEEDS_RECONNECTING
    box.save()
    page = browser.get(reverse("write"))
    assert "You can go on writing; it is kept." in text_of(page)
    chosen = re.search(r'<option value="([^"]+)" selected', page.content.decode())[1]
    kept = browser.post(reverse("begin-draft"), form(**{"from": chosen, "do": "keep"}))
    assert kept.status_code == 200
    draft = OutgoingEmail.objects.get()
    refused = browser.post(reverse("edit-email", args=[draft.pk]), form(version=1))
    assert refused.status_code == 409
    assert "is not connected" in text_of(refused)


def test_an_address_that_cannot_be_used_is_shown_with_the_reason(browser, alice, box):
    """S25: a broken mailbox and an alias that Google has not verified are shown disabled."""
    broken = a_mailbox(alice, address="hello@haldenrowe.example")
    broken.state = MailboxState.NEEDS_RECONNECTING
    broken.save()
    SendAsAddress.objects.create(
        mailbox=box,
        team=alice.team,
        address="press@haldenrowe.example",
        key="press@haldenrowe.example",
    )
    body = browser.get(reverse("write")).content.decode().split("</select>")[0]
    options = {
        re.sub(r"\s+", " ", found[2]).strip(): "disabled" in found[1]
        for found in re.finditer(r"<option([^>]*)>(.*?)</option>", body, re.DOTALL)
    }
    assert options == {
        "Alice Halden, alice@haldenrowe.example": False,
        "Alice Halden, press@haldenrowe.example: Gmail has not verified it": True,
        "Alice Halden, hello@haldenrowe.example: needs reconnecting": True,
    }


def test_a_new_email_begins_with_the_signature(browser, alice, box):
    SendAsAddress.objects.create(
        mailbox=box,
        team=alice.team,
        address=box.address,
        key=box.address,
        is_verified=True,
        is_default=True,
        signature_html="<b>Alice</b>",
    )
    assert "&lt;b&gt;Alice&lt;/b&gt;" in browser.get(reverse("write")).content.decode()


def test_sending_queues_and_leads_back_with_the_way_to_undo(browser, form):
    """S12: draft to queued; the undo time begins."""
    response = browser.post(reverse("write"), form(back="/contacts?q=anna"))
    assert response["Location"] == "/contacts?q=anna"
    email = OutgoingEmail.objects.get()
    assert email.status == Status.QUEUED
    page = browser.get(reverse("outbox")).content.decode()
    assert reverse("undo-email", args=[email.pk]) in page
    assert "data-countdown" in page


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_sending_never_leads_to_another_site(browser, form, back):
    assert browser.post(reverse("write"), form(back=back))["Location"] == reverse("outbox")


def test_one_form_is_one_email_however_often_it_arrives(browser, form):
    """A double click on Send, or Send beside the autosave, is not two emails."""
    kept = browser.post(reverse("begin-draft"), form()).json()
    browser.post(reverse("write"), form())
    again = browser.post(reverse("write"), form())
    assert again.status_code == 303
    email = OutgoingEmail.objects.get()
    assert reverse("save-draft", args=[email.pk]) == kept["autosave_url"]
    assert email.status == Status.QUEUED


def test_two_forms_are_two_emails(browser, form):
    browser.post(reverse("write"), form(key="form-1"))
    browser.post(reverse("write"), form(key="form-2"))
    assert OutgoingEmail.objects.count() == 2


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"to": "anna@"}, "to"),
        ({"to": ""}, "to"),
        ({"cc": "not an address"}, "cc"),
        ({"subject": "two\r\nlines"}, "subject"),
        ({"do": "schedule:", "send_at": ""}, "send_at"),
        ({"do": "schedule:", "send_at": "2001-01-01T08:00"}, "send_at"),
    ],
)
def test_a_no_stands_at_its_field_and_nothing_typed_is_lost(browser, form, wrong, field):
    """S26: and the email does not leave."""
    response = browser.post(reverse("write"), form(**wrong))
    body = response.content.decode()
    assert response.status_code == 422
    assert f'id="id_{field}_error"' in body
    assert "Here they are." in body
    for name, typed in wrong.items():
        if name != "do" and "\n" not in typed:
            assert f'name="{name}" value="{typed}"' in body
    assert not OutgoingEmail.objects.exclude(status=Status.DRAFT).exists()


def test_after_a_no_the_same_draft_is_sent_not_a_second_one(browser, form):
    body = browser.post(reverse("write"), form(to="")).content.decode()
    action = re.search(r'<form class="composer[^>]*action="([^"]+)"', body)[1]
    version = re.search(r'name="version" value="(\d+)"', body)[1]
    browser.post(action, form(version=version))
    assert OutgoingEmail.objects.get().status == Status.QUEUED


def test_without_scripting_the_text_arrives_as_plain_text(browser, form):
    browser.post(reverse("write"), form(do="keep", html_text="1 < 2\nand so on"))
    assert "1 &lt; 2<br>" in OutgoingEmail.objects.get().html


def test_an_older_version_is_refused_and_both_are_kept(browser, alice, box, form, at):
    """S27: no lost update."""
    draft = a_draft(alice, box, at=at)
    address = reverse("edit-email", args=[draft.pk])
    browser.post(address, form(version=1, subject="Mine", do="keep"))
    response = browser.post(address, form(version=1, subject="Other words", do="send"))
    assert response.status_code == 409
    assert "Other words" in response.content.decode()
    assert "This draft was changed in another window." in text_of(response)
    draft.refresh_from_db()
    assert (draft.subject, draft.status) == ("Mine", Status.DRAFT)


def test_what_was_refused_can_then_be_kept_on_purpose(browser, alice, box, form, at):
    draft = a_draft(alice, box, at=at)
    address = reverse("edit-email", args=[draft.pk])
    browser.post(address, form(version=1, subject="Mine", do="keep"))
    body = browser.post(address, form(version=1, subject="Other words")).content.decode()
    pressed = re.search(r'value="(replace:\d+)"', body)[1]
    browser.post(address, form(version=1, subject="Other words", do=pressed))
    draft.refresh_from_db()
    assert draft.subject == "Other words"


def test_autosave_keeps_a_new_email_and_then_each_change(browser, form):
    """S27: autosave."""
    first = browser.post(reverse("begin-draft"), form(page="1")).json()
    assert first["version"] == 1
    email = OutgoingEmail.objects.get()
    assert first["page_url"] == first["action_url"] == reverse("edit-email", args=[email.pk])
    second = browser.post(first["autosave_url"], form(version=1, subject="Better")).json()
    assert second["version"] == 2
    email.refresh_from_db()
    assert (email.subject, email.status) == ("Better", Status.DRAFT)


def test_autosave_keeps_the_text_while_an_address_is_half_typed(browser, form):
    answer = browser.post(reverse("begin-draft"), form(to="anna@lindwerk.example, ru")).json()
    assert "without the unfinished address" in answer["saved_at"]
    email = OutgoingEmail.objects.get()
    assert [row.address for row in email.recipients.all()] == ["anna@lindwerk.example"]
    assert "Here they are." in email.html


def test_autosave_says_when_another_window_was_quicker(browser, alice, box, form, at):
    draft = a_draft(alice, box, at=at)
    address = reverse("save-draft", args=[draft.pk])
    browser.post(address, form(version=1))
    response = browser.post(address, form(version=1, subject="Late"))
    assert response.status_code == 409
    assert "changed in another window" in response.json()["message"]


def test_a_chosen_time_is_meant_in_the_persons_own_zone(browser, alice, form):
    alice.user.time_zone = "Pacific/Auckland"
    alice.user.save()
    zone = ZoneInfo("Pacific/Auckland")
    chosen = (now().astimezone(zone) + timedelta(days=3)).replace(
        hour=8, minute=30, second=0, microsecond=0
    )
    browser.post(reverse("write"), form(do="schedule:", send_at=f"{chosen:%Y-%m-%dT%H:%M}"))
    assert OutgoingEmail.objects.get().send_at == chosen


def test_the_next_morning_is_one_press_away(browser, form):
    body = browser.get(reverse("write")).content.decode()
    # In the morning this afternoon is offered before it.
    offered = re.findall(r'value="schedule:([^"]+)"><span[^>]*></span>([^<]+)', body)
    moment = {label: value for value, label in offered}["Tomorrow 08:00"]
    response = browser.post(reverse("write"), form(do=f"schedule:{moment}"), follow=True)
    assert "goes out: Tomorrow 08:00." in text_of(response)
    assert f"{OutgoingEmail.objects.get().send_at:%Y-%m-%dT%H:%M}" == moment
    assert datetime.fromisoformat(moment).hour == 8


def test_files_are_attached_shown_and_removed(browser, form):
    file = SimpleUploadedFile("plan.pdf", b"x" * 1500, content_type="application/pdf")
    page = browser.post(reverse("write"), form(do="keep", file=file), follow=True)
    assert "plan.pdf 2 KB" in text_of(page)
    email = OutgoingEmail.objects.get()
    button = re.search(r'value="(remove:[^"]+)"', page.content.decode())[1]
    address = reverse("edit-email", args=[email.pk])
    browser.post(address, form(do=button, version=email.version))
    assert not email.attachments.exists()


def test_a_file_that_is_too_large_is_refused_and_the_text_is_kept(browser, form, monkeypatch):
    monkeypatch.setattr("letterbook.outgoing.fitting.LARGEST_FILES", 1000)
    file = SimpleUploadedFile("film.mov", b"x" * 1001)
    response = browser.post(reverse("write"), form(do="keep", file=file))
    assert response.status_code == 422
    assert "may have 0 MB; with film.mov they have 0.1 MB" in text_of(response)
    assert "Here they are." in OutgoingEmail.objects.get().html


def test_a_draft_is_discarded(browser, alice, box, form, at):
    draft = a_draft(alice, box, at=at)
    address = reverse("edit-email", args=[draft.pk])
    assert browser.post(address, form(version=1, do="discard")).status_code == 303
    assert browser.get(address).status_code == 404


def test_a_draft_is_its_authors_alone(client, alice, bob, box, form, at):
    draft = a_draft(alice, box, at=at)
    client.force_login(bob.user)
    for name in ("edit-email", "save-draft", "duplicate-email"):
        address = reverse(name, args=[draft.pk])
        assert client.post(address, form(version=1, subject="Bob's")).status_code == 404
    draft.refresh_from_db()
    assert draft.subject == "The proofs"


def test_nobody_writes_from_a_team_mates_mailbox(client, bob, form):
    client.force_login(bob.user)
    response = client.post(reverse("write"), form())
    assert response.status_code == 422
    assert not OutgoingEmail.objects.exists()


def test_what_is_queued_cannot_be_edited_any_more(browser, alice, box):
    email = a_queued_email(alice, box, at=now())
    response = browser.get(reverse("edit-email", args=[email.pk]))
    assert response["Location"] == reverse("outgoing-email", args=[email.pk])


def test_writing_anew_copies_the_email(browser, alice, box):
    """S24: duplicated."""
    email = a_queued_email(alice, box, at=now(), subject="Again")
    response = browser.post(reverse("duplicate-email", args=[email.pk]), follow=True)
    assert "Again" in response.content.decode()
    assert OutgoingEmail.objects.filter(status=Status.DRAFT, subject="Again").count() == 1


def test_answering_leads_to_the_conversation(browser, alice, box):
    message = a_message(box, a_contact(alice))
    response = browser.get(reverse("write") + f"?answer={message.pk}")
    assert response["Location"] == reverse("conversation", args=[message.thread_id]) + "#reply"
    assert browser.get(reverse("write") + "?answer=nonsense").status_code == 404


def test_a_few_letters_find_contacts_and_team_mates(browser, alice, bob, charlie, box):
    """S26: contact look-up, within one's own team."""
    a_contact(alice, "Bodil Lind", "bodil@lindwerk.example")
    a_contact(charlie, "Bo Stranger", "bo@elsewhere.example")
    a_mailbox(bob, address="bob@haldenrowe.example")
    found = json.loads(browser.get(reverse("suggest-recipients") + "?q=bo").content)
    assert found["suggestions"] == [
        {"name": "Bodil Lind", "email": "bodil@lindwerk.example", "is_team": False},
        {"name": "Bob Rowe", "email": "bob@haldenrowe.example", "is_team": True},
    ]
    assert browser.get(reverse("suggest-recipients") + "?q=").json() == {"suggestions": []}


def test_what_was_last_said_stands_beside_as_far_as_it_is_shared(client, alice, bob, box):
    anna = a_contact(alice, "Anna Lind", "anna@lindwerk.example")
    a_message(box, anna, subject="Final wording")
    a_message(a_mailbox(alice, sharing=Sharing.PRIVATE), anna, subject="Between us")
    a_mailbox(bob)
    client.force_login(bob.user)
    shown = text_of(client.get(reverse("write") + "?to=anna@lindwerk.example"))
    assert "Last between you" in shown
    assert "Final wording" in shown
    assert "Between us" not in shown


@pytest.mark.parametrize(
    ("came_from", "back"),
    [
        ("http://testserver/contacts?q=anna", "/contacts?q=anna"),
        ("http://testserver/write", ""),
        ("https://evil.example/contacts", ""),
    ],
)
def test_the_composer_remembers_where_one_came_from(browser, alice, box, at, came_from, back):
    draft = a_draft(alice, box, at=at)
    address = reverse("edit-email", args=[draft.pk])
    body = browser.get(address, headers={"referer": came_from}).content.decode()
    assert f'name="back" value="{back}"' in body
