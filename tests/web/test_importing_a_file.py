"""A file of email goes from the page to the timeline, and its upload is deleted."""

from __future__ import annotations

import gzip
import secrets
import shutil
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob

from browsing import as_member, words
from factories import a_mailbox
from letterbook.contacts.models import Contact
from letterbook.correspondence.models import Message
from letterbook.incoming import importing, uploading
from letterbook.incoming.models import RetrievalRun
from letterbook.incoming.tasks import import_upload
from letterbook.mailboxes.models import Kind, Mailbox, Sharing
from letterbook.teams.models import Membership
from letters import a_letter

FORM = {"address": "alice@haldenrowe.example", "sharing": "0", "keeping": "everyone"}


@pytest.fixture(autouse=True)
def uploads(settings: Any, tmp_path: Path) -> Path:
    """Where uploads are kept: nothing is there before the first."""
    settings.HOME = tmp_path
    return tmp_path / "uploads"


def an_mbox(*numbers: int) -> bytes:
    letters = [b"From someone Mon Nov  2 08:00:00 2026\n" + a_letter(one) for one in numbers]
    return b"\n".join(letters) + b"\n"


def a_file(content: bytes, name: str = "mail.mbox") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def send(member: Membership, *files: SimpleUploadedFile, **form: str):
    return as_member(member).post(reverse("import-mail"), {**FORM, **form, "files": list(files)})


def work() -> None:
    """Do as a worker does with each job of importing that waits."""
    for job in ProcrastinateJob.objects.filter(task_name="import_upload").order_by("id"):
        import_upload(**job.args)


def test_a_file_becomes_mail_contacts_and_a_run_that_is_seen(alice: Membership, uploads: Path):
    answer = send(alice, a_file(an_mbox(1, 2, 3)))
    mailbox = Mailbox.objects.get()
    assert answer["Location"] == reverse("mailbox", args=[mailbox.pk])
    assert (mailbox.kind, mailbox.sharing, mailbox.owner) == (
        Kind.IMPORT,
        Sharing.PRIVATE,
        alice.user,
    )
    [folder] = uploads.iterdir()
    assert folder.stat().st_mode & 0o077 == 0
    work()
    assert Message.objects.count() == 3
    assert Contact.objects.get().addresses.get().address == "anna@lindwerk.example"
    page = words(as_member(alice).get(answer["Location"]))
    assert "3 stored, 0 left out." in page
    assert "Imports" in page
    assert not list(uploads.iterdir())


def test_several_kinds_of_files_come_at_once(alice: Membership):
    send(
        alice,
        a_file(a_letter(1), "one.eml"),
        a_file(gzip.compress(an_mbox(2, 3)), "old.mbox.gz"),
        a_file(an_mbox(4), "../../etc/.hidden.mbox"),
    )
    work()
    assert Message.objects.count() == 4


def test_the_same_file_again_stores_nothing_twice(alice: Membership):
    for _ in range(2):
        send(alice, a_file(an_mbox(1, 2)))
    work()
    assert Message.objects.count() == 2
    assert RetrievalRun.objects.get(repeated=2).stored == 0


def test_only_mail_with_known_people_can_be_kept(alice: Membership, make_contact: Any):
    make_contact("Berta", "berta@lindwerk.example")
    letters = a_letter(1), a_letter(2, sender="berta@lindwerk.example")
    send(
        alice,
        *(a_file(one, f"{n}.eml") for n, one in enumerate(letters)),
        keeping="known",
    )
    work()
    assert Message.objects.get().from_address == "berta@lindwerk.example"
    assert Contact.objects.count() == 1


def test_the_page_says_why_emails_of_which_file_were_left_out(alice: Membership, make_contact: Any):
    """S42: in the names that the person knows."""
    make_contact("Berta", "berta@lindwerk.example")
    answer = send(alice, a_file(an_mbox(1, 2)), a_file(a_letter(3), "3.eml"), keeping="known")
    work()
    page = words(as_member(alice).get(answer["Location"]))
    assert "mail.mbox: of 2 read, 2 left out: nobody on it is a contact." in page
    assert "single emails: of 1 read, 1 left out: nobody on it is a contact." in page


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7\nno mail", b"\x1f\x8bbroken"])
def test_what_is_no_email_is_refused_at_once(alice: Membership, uploads: Path, content: bytes):
    answer = send(alice, a_file(content, "report.pdf"))
    assert answer.status_code == 422
    page = words(answer)
    assert "report.pdf" in page
    assert "Choose an mbox file (also .gz) or .eml files." in page
    assert str(uploads) not in page
    assert not list(uploads.iterdir())
    assert not Mailbox.objects.exists()


def test_a_file_that_breaks_off_says_so_in_its_run(alice: Membership, uploads: Path):
    letters = [
        b"From someone Mon Nov  2 08:00:00 2026\n" + a_letter(one, text=secrets.token_hex(20_000))
        for one in range(100)
    ]
    whole = gzip.compress(b"\n".join(letters))
    answer = send(alice, a_file(whole[: len(whole) // 2], "takeout.mbox.gz"))
    work()
    page = words(as_member(alice).get(answer["Location"]))
    assert "takeout.mbox.gz is damaged" in page
    assert "What came before the damage is imported." in page
    assert str(uploads) not in page
    assert Message.objects.exists()
    assert not list(uploads.iterdir())


def test_more_than_a_hundred_megabytes_goes_by_command(
    alice: Membership, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(uploading, "LARGEST_UPLOAD", 1000)
    answer = send(alice, a_file(an_mbox(*range(10))))
    assert answer.status_code == 422
    assert "letterbook import PATH --mailbox ADDRESS" in words(answer)


@pytest.mark.parametrize(
    ("form", "words_on_page"),
    [
        ({"sharing": ""}, "Choose how much your team may see."),
        ({"sharing": "9"}, "9 is not one of the available choices"),
        ({"address": "nobody"}, "Enter a valid email address."),
        ({"keeping": "some"}, "some is not one of the available choices"),
    ],
)
def test_what_must_be_decided_is_asked_for(
    alice: Membership, form: dict[str, str], words_on_page: str
):
    answer = send(alice, a_file(an_mbox(1)), **form)
    assert answer.status_code == 422
    assert words_on_page in words(answer)
    assert not Mailbox.objects.exists()


def test_a_missing_file_is_asked_for(alice: Membership):
    assert "Choose a file first." in words(send(alice))


def test_mail_is_not_imported_under_another_sharing_than_was_chosen(alice: Membership):
    a_mailbox(alice, sharing=Sharing.FULL, address=FORM["address"])
    answer = send(alice, a_file(an_mbox(1)), sharing="0")
    assert answer.status_code == 422
    assert "is here already, and shares “full emails”" in words(answer)
    assert not ProcrastinateJob.objects.filter(task_name="import_upload").exists()
    assert send(alice, a_file(an_mbox(1)), sharing="3").status_code == 303


def test_nobody_imports_into_somebody_elses_mailbox(
    alice: Membership, bob: Membership, uploads: Path
):
    a_mailbox(alice, address=FORM["address"])
    answer = send(bob, a_file(an_mbox(1)))
    assert answer.status_code == 422
    assert "is Alice Halden's mailbox" in words(answer)
    assert not list(uploads.iterdir())


def test_a_killed_import_goes_on_where_it_was(
    alice: Membership, uploads: Path, monkeypatch: pytest.MonkeyPatch
):
    send(alice, a_file(an_mbox(*range(6))))
    store, batches = importing.store_readings, iter(range(10))

    def die_at_the_second(*args: Any, **more: Any) -> Any:
        if next(batches) == 1:
            raise OperationalError("the database went away")
        return store(*args, **more)

    monkeypatch.setattr(importing, "_BATCH", 3)
    monkeypatch.setattr(importing, "store_readings", die_at_the_second)
    with pytest.raises(OperationalError):
        work()
    assert Message.objects.count() == 3
    assert list(uploads.iterdir())
    work()
    assert Message.objects.count() == 6
    assert RetrievalRun.objects.order_by("-started_at", "-id")[0].repeated == 3
    assert not list(uploads.iterdir())


def test_an_upload_that_the_worker_cannot_find_is_told(alice: Membership, uploads: Path):
    answer = send(alice, a_file(an_mbox(1)))
    [folder] = uploads.iterdir()
    shutil.rmtree(folder)
    work()
    page = words(as_member(alice).get(answer["Location"]))
    assert "The uploaded file is not there for the worker. Upload it again." in page


def test_a_private_import_is_told_to_nobody_else(alice: Membership, bob: Membership):
    send(alice, a_file(an_mbox(1)))
    work()
    [mailbox] = Mailbox.objects.all()
    page = words(as_member(bob).get(reverse("mailbox", args=[mailbox.pk])))
    assert "1 stored" not in page
    assert "Its numbers are its owner" in page
