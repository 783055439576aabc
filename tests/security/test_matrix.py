"""Every address with one of everything in alice's team, asked by whom each level of sharing leaves something hidden."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse
from django.urls.converters import IntConverter
from django.utils.timezone import now

from browsing import as_member
from factories import a_contact, a_message, a_note
from letterbook.api.urls import api
from letterbook.correspondence.models import MailboxMessage
from letterbook.kit.ids import new_id
from letterbook.mailboxes.models import Mailbox, Sharing
from letterbook.outgoing.attaching import attach_file
from letterbook.outgoing.drafts import DraftText, create_draft
from letterbook.outgoing.models import Actor, OutgoingEmail, StatusChange
from letterbook.outgoing.queueing import queue_email
from letterbook.teams.joining import remove_member
from letterbook.teams.tokens import create_token
from letterbook.timeline.models import Activity
from letterbook.web.urls import urlpatterns

RAW = (
    b"From: anna@lindwerk.example\r\nTo: alice@haldenrowe.example\r\nSubject: hiddensubject\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>hiddentext</p>\r\n'
    b"--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=hiddenfile.pdf\r\n\r\n%PDF\r\n"
    b"--b--\r\n"
)
# What each level still hides; what a draft says is its author's at every level.
ALWAYS = {"drafttext", "draftsubject", "draftbcc", "draftfile"}
TEXT = {"hiddentext", "hiddenfile", "hiddenbcc", "queuedtext", "queuedbcc", "queuedfile"}
SUBJECT = {"hiddensubject", "queuedsubject"}
HIDDEN = {
    Sharing.PRIVATE: ALWAYS | TEXT | SUBJECT,
    Sharing.METADATA: ALWAYS | TEXT | SUBJECT,
    Sharing.SUBJECT: ALWAYS | TEXT,
    Sharing.FULL: ALWAYS,
}
CONTENT = {"letter-frame", "attachment", "source", "reply", "draft-file"}
OWN = {"edit-email", "save-draft", "duplicate-email", "undo-email", "cancel-email", "send-email-now", "retry-email",
       "send-email-again", "settle-email", "dismiss-email", "remove-file"}  # fmt: skip


@pytest.fixture
def things(alice, mailbox) -> dict[str, Any]:
    """One of everything in alice's team."""
    at = now()
    anna = a_contact(alice, "Anna Lind", "anna@lindwerk.example")
    vera = a_contact(alice, "Vera", "hiddenbcc@lindwerk.example")
    message = a_message(
        mailbox, anna, bcc=(vera,), subject="hiddensubject", text="hiddentext", files=("hiddenfile.pdf",),
        raw=RAW, at=at - timedelta(hours=1), direction="out",
    )  # fmt: skip
    Activity.objects.filter(contact=vera).delete()
    vera.delete()

    def written(kind: str) -> OutgoingEmail:
        text = DraftText(
            to="anna@lindwerk.example",
            bcc=f"{kind}bcc@lindwerk.example",
            subject=f"{kind}subject",
            html=f"<p>{kind}text</p>",
        )
        return create_draft(alice, mailbox=mailbox, text=text, answers=message, at=at)

    def attached(email: OutgoingEmail, word: str) -> UUID:
        name, kind = f"{word}.txt", "text/plain"
        content = word.encode()
        return attach_file(
            alice, email, filename=name, content_type=kind, content=content, at=at
        ).pk

    queued, draft = written("queued"), written("draft")
    files = {
        "draft file": attached(draft, "draftfile"),
        "queued file": attached(queued, "queuedfile"),
    }
    queue_email(queued, by=Actor.person(alice), member=alice, at=at, send_at=at + timedelta(days=1))
    return {
        "contact": anna.pk,
        "activity": a_note(alice, anna).pk,
        "mailbox": mailbox.pk,
        "message": message.pk,
        "thread": message.thread_id,
        "draft": draft.pk,
        "queued": queued.pk,
        **files,
    }


def paths(things, *, email: str) -> dict[str, str]:
    """The pages' addresses that name one of these things."""
    named = {
        "contacts": "contact",
        "conversations": "thread",
        "messages": "message",
        "outgoing": email,
        "mailboxes": "mailbox",
    }
    found = {}
    for pattern in urlpatterns:
        kind = named.get(str(pattern.pattern).partition("/")[0])
        if kind and "pk" in pattern.pattern.converters:
            values = {
                "pk": things[kind],
                "activity": things["activity"],
                "number": 1,
                "attachment": things[f"{email} file"],
            }
            # What else a path may name is nothing of these.
            needed = {
                name: values.get(name, 1 if isinstance(kind, IntConverter) else new_id())
                for name, kind in pattern.pattern.converters.items()
            }
            found[str(pattern.name)] = reverse(str(pattern.name), kwargs=needed)
    return found


def share(things, sharing) -> None:
    Mailbox.objects.filter(pk=things["mailbox"]).update(sharing=sharing)


def told(browser, path) -> str:
    answer = browser.get(path)
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return content.decode("utf-8", "replace").lower()


def state() -> list[Any]:
    models = (Mailbox, OutgoingEmail, StatusChange, Activity, MailboxMessage)
    return [sorted(map(str, model.objects.values_list())) for model in models]


@pytest.mark.parametrize("sharing", list(Sharing))
def test_no_page_tells_a_team_mate_more_than_is_shared(sharing, things, alice, bob):
    """P8, S76, S84: neither text nor names, in no list, no count, no search."""
    share(things, sharing)
    browser = as_member(bob)
    everything = {
        **paths(things, email="draft"),
        **{f"queued {n}": p for n, p in paths(things, email="queued").items()},
    }
    plain = [
        reverse(str(one.name))
        for one in urlpatterns
        if not one.pattern.converters and one.name != "events"
    ]
    searches = [
        f"/search?q={word}"
        for word in ("anna", "hiddensubject", "hiddentext", "with:anna@lindwerk.example", "in:sent")
    ]
    outbox = [f"/outbox?show={tab}" for tab in ("failed", "queued", "drafts", "sent")]
    asked = [
        *everything.values(),
        *plain,
        *searches,
        *outbox,
        "/write/people?q=hid",
        "/write/people?q=anna",
    ]
    pages = []
    for path in asked:
        page = told(browser, path).replace(path.lower(), "")
        if path.startswith("/search?q=hidden"):
            page = page.replace(path.partition("q=")[2], "")
        for word in HIDDEN[sharing]:
            assert word not in page, (path, word)
        pages.append(page)
    shown = "".join(pages)
    assert {word for word in TEXT | SUBJECT if word in shown} == (TEXT | SUBJECT) - HIDDEN[sharing]


@pytest.mark.parametrize("sharing", list(Sharing))
def test_the_api_tells_a_team_mate_no_more_than_is_shared(sharing, things, bob, at):
    share(things, sharing)
    headers = {"Authorization": f"Bearer {create_token(bob, name='A program', at=at)}"}
    for path, operations in api.get_openapi_schema()["paths"].items():
        if "get" not in operations or path.endswith("/events"):
            continue
        for email in ("draft", "queued"):
            named = {
                "contact_id": "contact",
                "message_id": "message",
                "thread_id": "thread",
                "mailbox_id": "mailbox",
                "email_id": email,
            }
            values = {name: str(things[kind]) for name, kind in named.items()} | {
                "number": "1",
                "row_id": "1",
            }
            # What else a path may name is nothing of these.
            values = {
                name: values.get(name, str(new_id())) for name in re.findall(r"{(\w+)}", path)
            } | {"contact_id": values["contact_id"]}
            answer = Client().get(
                path.format(**values),
                {"q": "anna", "contact_id": values["contact_id"]},
                headers=headers,
            )
            for word in HIDDEN[sharing]:
                assert word not in answer.content.decode("utf-8", "replace").lower(), (path, word)


@pytest.mark.parametrize("who", ["bob at private", "bob at metadata", "charlie"])
def test_what_one_may_not_have_is_refused_like_what_is_not_there(who, things, alice, bob, charlie):
    """D1, S71: the same answer to the letter, and nothing is changed."""
    share(things, Sharing.METADATA if "metadata" in who else Sharing.PRIVATE)
    browser = as_member(charlie if who == "charlie" else bob)
    missing = dict.fromkeys(things, new_id())
    refused = CONTENT | OWN
    if who != "bob at metadata":
        refused |= {"conversation", "message", "outgoing-email"}
    if who == "charlie":
        refused |= set(paths(things, email="draft"))
    before = state()
    for email in ("draft", "queued"):
        theirs, nowhere = paths(things, email=email), paths(missing, email=email)
        for name in refused:
            for method in (browser.get, browser.post):
                one, other = method(theirs[name]), method(nowhere[name])
                assert one.status_code == other.status_code, (name, method)
                assert one.status_code in {404, 405}, name
                assert without_ids(one, things) == without_ids(other, missing), name
    assert state() == before


def without_ids(answer, things) -> str:
    text = answer.content.decode()
    for value in things.values():
        text = text.replace(str(value), "ID")
    return "\n".join(line for line in text.splitlines() if "csrf" not in line.lower())


def test_an_ex_member_is_nobody(things, alice, bob, at):
    """D3."""
    browser = as_member(bob)
    assert browser.get(reverse("contacts")).status_code == 200
    remove_member(alice, target=bob, at=at)
    for path in paths(things, email="queued").values():
        for method in (browser.get, browser.post):
            assert method(path).status_code in {302, 303, 405}
    assert browser.get(reverse("events")).status_code == 401


def test_nobody_answers_what_they_may_not_read(things, bob, bobs_mailbox):
    """Quoting a text is reading it."""
    share(things, Sharing.SUBJECT)
    before = OutgoingEmail.objects.count()
    assert as_member(bob).post(reverse("reply", args=[things["message"]])).status_code == 404
    assert OutgoingEmail.objects.count() == before
    share(things, Sharing.FULL)
    assert as_member(bob).post(reverse("reply", args=[things["message"]])).status_code == 303
    draft = OutgoingEmail.objects.get(author=bob.user)
    assert "hiddentext" in draft.html
    assert "hiddenbcc" not in str(list(draft.recipients.values_list()))
