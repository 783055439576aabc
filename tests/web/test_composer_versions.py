"""Two windows, two people, a sign-in that ended: no word is lost."""

from __future__ import annotations

import base64

import pytest
from django.urls import reverse

from browsing import as_member, words
from factories import a_mailbox
from letterbook.outgoing.attaching import attach_picture
from letterbook.outgoing.models import OutgoingEmail
from letterbook.web.differing import differences
from letterbook.web.typed import typed_of
from written import a_draft

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture
def box(alice):
    return a_mailbox(alice, address="alice@haldenrowe.example")


@pytest.fixture
def draft(alice, box, at):
    return a_draft(alice, box, at=at)


def typed(box, **fields):
    return {
        "from": f"{box.pk}|{box.address}",
        "to": "anna@lindwerk.example",
        "subject": "The proofs",
        "html": "<p>Here they are.</p>",
        "version": 1,
    } | fields


def test_autosave_says_what_the_other_window_changed_and_the_ways_on(alice, box, draft):
    """S27: the version conflict is detected, and nothing is chosen for the person."""
    browser, address = as_member(alice), reverse("save-draft", args=[draft.pk])
    browser.post(address, typed(box, subject="Theirs", html="<p>Line.</p><p>Other.</p>"))
    answer = browser.post(address, typed(box, subject="Mine", html="<p>Line.</p><p>Own.</p>"))
    assert answer.status_code == 409
    notice = answer.json()["notice"]
    for shown in ("Mine", "Theirs", "Own.", "Other.", 'value="copy"', 'value="replace:2"'):
        assert shown in notice
    assert "Line." not in notice


def test_mine_is_kept_as_a_copy_and_theirs_stays(alice, box, draft, at):
    picture = attach_picture(alice, draft, filename="a.png", content=PNG, at=at)
    browser = as_member(alice)
    browser.post(reverse("save-draft", args=[draft.pk]), typed(box, subject="Theirs"))
    mine = f'<p>Mine <img src="cid:{picture.content_id}"></p>'
    form = typed(box, subject="Mine", html=mine, do="copy")
    answer = browser.post(reverse("edit-email", args=[draft.pk]), form)
    copy = OutgoingEmail.objects.exclude(pk=draft.pk).get()
    assert answer["Location"] == reverse("edit-email", args=[copy.pk])
    assert picture.content_id in copy.html
    assert [file.content_id for file in copy.attachments.all()] == [picture.content_id]
    draft.refresh_from_db()
    assert (copy.subject, draft.subject) == ("Mine", "Theirs")


def test_what_differs_only_in_its_tags_is_not_called_different(draft):
    mine = typed_of(draft)
    draft.html = "<p>Here <b>they</b> are.</p>"
    assert differences(mine, typed_of(draft)) == []


def test_a_name_in_quotes_is_not_called_different(alice, box, draft):
    browser, address = as_member(alice), reverse("save-draft", args=[draft.pk])
    people = {"to": "Anna Lind <anna@lindwerk.example>, half"}
    browser.post(address, typed(box, subject="Theirs", **people))
    mine = browser.post(address, typed(box, subject="Mine", to="Anna Lind <anna@lindwerk.example>"))
    assert "anna@lindwerk.example" not in mine.json()["notice"]


def test_the_same_sent_once_more_is_no_conflict(alice, box, draft):
    """The answer was lost on the way, or the page was left while it was being saved."""
    browser, address = as_member(alice), reverse("save-draft", args=[draft.pk])
    words_typed = typed(
        box, html="<p>Here <b>they</b> are.</p>", to='"Lind, A" <anna@lindwerk.example>'
    )
    first = browser.post(address, words_typed).json()
    again = browser.post(address, words_typed)
    assert again.status_code == 200
    assert again.json()["version"] == first["version"] == 2


@pytest.mark.parametrize(
    "other",
    [
        {"html": "<p>Here they are.</p>"},
        {"subject": "Other"},
        {"to": "tom@lindwerk.example"},
        {"to": "", "cc": "anna@lindwerk.example"},
    ],
)
def test_what_differs_in_the_least_is_a_conflict(alice, box, draft, other):
    browser, address = as_member(alice), reverse("save-draft", args=[draft.pk])
    browser.post(address, typed(box, html="<p>Here <b>they</b> are.</p>"))
    again = typed(box, html="<p>Here <b>they</b> are.</p>") | other
    assert browser.post(address, again).status_code == 409


def test_what_cannot_be_kept_is_said_and_the_next_change_is_tried(alice, box, draft):
    address = reverse("save-draft", args=[draft.pk])
    answer = as_member(alice).post(address, typed(box, subject="two\nlines"))
    assert answer.status_code == 422
    assert answer.json()["message"].startswith("not saved: ")


def test_somebody_who_is_signed_out_is_led_to_signing_in_and_nothing_is_kept(client, box, draft):
    answer = client.post(reverse("save-draft", args=[draft.pk]), typed(box, subject="Lost?"))
    assert answer["Location"].startswith(reverse("account_login"))
    draft.refresh_from_db()
    assert draft.subject == "The proofs"


def test_a_page_that_outlived_its_session_gets_a_new_token_for_the_same_person(client, alice):
    assert client.get(reverse("renew-token")).status_code == 302
    answer = as_member(alice).get(reverse("renew-token")).json()
    assert answer["member"] == str(alice.pk)
    assert len(answer["token"]) == 64


def test_discarding_can_be_undone(alice, draft, box):
    """S24: and what is undone is a draft again, with its words."""
    browser = as_member(alice)
    form = typed(box, do="discard", back="/contacts")
    page = browser.post(reverse("edit-email", args=[draft.pk]), form, follow=True)
    undo = reverse("bring-back-draft", args=[draft.pk])
    assert f'action="{undo}"' in words(page)
    answer = browser.post(undo)
    assert answer["Location"] == reverse("edit-email", args=[draft.pk])
    assert browser.get(answer["Location"]).status_code == 200


def test_only_its_author_brings_a_draft_back(alice, bob, draft, box):
    as_member(alice).post(reverse("edit-email", args=[draft.pk]), typed(box, do="discard"))
    assert as_member(bob).post(reverse("bring-back-draft", args=[draft.pk])).status_code == 404


def test_what_was_not_discarded_cannot_be_brought_back(alice, draft):
    assert as_member(alice).post(reverse("bring-back-draft", args=[draft.pk])).status_code == 404


def test_discarding_an_old_page_discards_although_another_window_was_quicker(alice, draft, box):
    browser, address = as_member(alice), reverse("edit-email", args=[draft.pk])
    browser.post(address, typed(box, do="keep"))
    assert browser.post(address, typed(box, do="discard")).status_code == 303


def test_a_draft_is_duplicated_from_its_own_page(alice, draft, box):
    """S24: duplicated, with what stands in the form."""
    form = typed(box, subject="Twice", do="duplicate")
    as_member(alice).post(reverse("edit-email", args=[draft.pk]), form)
    assert OutgoingEmail.objects.filter(subject="Twice").count() == 2
