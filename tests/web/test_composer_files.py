"""Files and pictures of a draft, one request each."""

from __future__ import annotations

import base64

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from browsing import as_member
from factories import a_mailbox
from letterbook.outgoing.drafts import DraftText, create_draft
from letterbook.outgoing.models import OutgoingAttachment
from written import a_draft, a_queued_email

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture
def box(alice):
    return a_mailbox(alice, address="alice@haldenrowe.example")


@pytest.fixture
def draft(alice, box, at):
    return a_draft(alice, box, at=at)


def attach(member, draft, *, name="plan.pdf", content=b"plan", name_said="", **fields):
    fields |= {"name": name_said} if name_said else {}
    file = SimpleUploadedFile(name, content)
    address = reverse("attach-file", args=[draft.pk])
    return as_member(member).post(address, {"file": file} | fields)


def test_a_file_is_attached_while_one_writes_on(alice, draft):
    answer = attach(alice, draft).json()
    file = draft.attachments.get()
    assert (file.filename, bytes(file.content)) == ("plan.pdf", b"plan")
    assert "Remove plan.pdf" in answer["html"]
    draft.refresh_from_db()
    # What is typed meanwhile is kept over the same version.
    assert draft.version == 1


def test_it_is_called_as_it_is_on_the_person_s_disk(alice, draft):
    """Browsers write a quote in a file's name as %22; the page says the name itself, too."""
    attach(alice, draft, name="Offer %22final%22.pdf", name_said='Offer "final", 50%22.pdf')
    assert draft.attachments.get().filename == "Offer _final_, 50%22.pdf"


def test_a_file_is_downloaded_and_removed(alice, draft):
    attach(alice, draft, name="page.html", content=b"<script>1</script>")
    file = draft.attachments.get()
    browser = as_member(alice)
    shown = browser.get(reverse("draft-file", args=[draft.pk, file.pk]))
    assert shown.content == b"<script>1</script>"
    assert shown["Content-Type"] == "application/octet-stream"
    assert shown["Content-Disposition"].startswith("attachment")
    assert browser.post(reverse("remove-file", args=[draft.pk, file.pk])).status_code == 200
    assert not draft.attachments.exists()


def test_a_picture_of_the_text_is_shown_in_it_and_survives_saving(alice, box, draft):
    """S21: inline images survive."""
    content_id = attach(alice, draft, name="shot.png", content=PNG, is_inline="1").json()[
        "content_id"
    ]
    browser = as_member(alice)
    typed = {
        "from": f"{box.pk}|{box.address}",
        "to": "anna@lindwerk.example",
        "html": f'<p>See <img src="cid:{content_id}"></p>',
        "version": 1,
    }
    assert browser.post(reverse("save-draft", args=[draft.pk]), typed).status_code == 200
    draft.refresh_from_db()
    assert f'src="cid:{content_id}"' in draft.html
    shown = browser.get(reverse("draft-picture", args=[draft.pk, content_id]))
    assert (shown["Content-Type"], shown.content) == ("image/png", PNG)
    assert "sandbox" in shown["Content-Security-Policy"]


def test_what_is_no_picture_does_not_come_into_the_text(alice, draft):
    answer = attach(alice, draft, name="x.png", content=b"<svg onload=alert(1)>", is_inline="1")
    assert answer.status_code == 422
    assert "PNG, JPEG, GIF or WebP" in answer.json()["message"]


def test_a_file_that_is_no_picture_is_never_shown_as_one(alice, draft):
    attach(alice, draft)
    OutgoingAttachment.objects.update(content_id="x@y", content_type="text/html")
    assert as_member(alice).get(reverse("draft-picture", args=[draft.pk, "x@y"])).status_code == 404


def test_too_large_is_refused_with_the_way_out(alice, draft, monkeypatch):
    monkeypatch.setattr("letterbook.outgoing.fitting.LARGEST_FILES", 3)
    answer = attach(alice, draft)
    assert answer.status_code == 422
    assert "send the link" in answer.json()["message"]


def test_all_files_together_are_counted(alice, draft, monkeypatch):
    monkeypatch.setattr("letterbook.outgoing.fitting.LARGEST_FILES", 7)
    assert attach(alice, draft).status_code == 200
    assert attach(alice, draft).status_code == 422
    assert draft.attachments.count() == 1


def test_nothing_sent_is_nothing_attached(alice, draft):
    answer = as_member(alice).post(reverse("attach-file", args=[draft.pk]))
    assert answer.status_code == 422


def test_what_is_queued_takes_no_file_any_more(alice, box, at):
    email = a_queued_email(alice, box, at=at)
    assert attach(alice, email).status_code == 409


def test_the_files_of_a_draft_are_its_authors_alone(alice, bob, charlie, draft):
    attach(alice, draft)
    file = draft.attachments.get()
    for stranger in (bob, charlie):
        browser = as_member(stranger)
        assert attach(stranger, draft).status_code == 404
        assert browser.get(reverse("draft-file", args=[draft.pk, file.pk])).status_code == 404
        assert browser.post(reverse("remove-file", args=[draft.pk, file.pk])).status_code == 404
    assert draft.attachments.count() == 1


def test_another_drafts_file_is_not_found_through_ones_own(alice, box, draft, at):
    attach(alice, draft)
    file = draft.attachments.get()
    other = create_draft(alice, mailbox=box, text=DraftText(), at=at)
    browser = as_member(alice)
    assert browser.get(reverse("draft-file", args=[other.pk, file.pk])).status_code == 404
    assert browser.post(reverse("remove-file", args=[other.pk, file.pk])).status_code == 404
