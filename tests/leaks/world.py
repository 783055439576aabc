"""What the team has in the open, and what alice keeps to herself: one of everything, each with a word of its own."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from factories import START, a_contact, a_mailbox, a_member, a_message, a_note
from letterbook.contacts.bulk import BulkChange, change_contacts
from letterbook.contacts.defining import add_field
from letterbook.contacts.keeping import create_contact
from letterbook.contacts.models import Company, CustomField, Tag
from letterbook.correspondence.models import (
    AccessRequest,
    Admission,
    HidingLabels,
    LedgerState,
    MailboxMessage,
    QuarantinedSource,
    SharingChoice,
)
from letterbook.correspondence.sharing.admitting import let_in
from letterbook.correspondence.sharing.choosing import share_contact, share_thread
from letterbook.correspondence.sources import pack_source
from letterbook.incoming.models import RetrievalRun
from letterbook.incoming.ruling import add_rule
from letterbook.kit.ids import new_id
from letterbook.mailboxes.models import MailboxLabel, Sharing
from letterbook.outgoing.attaching import attach_file
from letterbook.outgoing.keeping_private import keep_private
from letterbook.outgoing.models import OutgoingEmail
from letterbook.outgoing.templates import create_template
from letterbook.teams import joining
from letterbook.teams.models import ApiToken, Invitation, Membership
from letterbook.teams.tokens import create_token
from letterbook.timeline.keeping import rewrite_activity, write_activity
from letterbook.timeline.models import Activity
from written import a_draft, a_failed_email, a_queued_email

ANNA = "anna@lindwerk.example"
# What is somebody's in each email: of a marked one bob knows that it is there.
IN_MAIL = ("subject", "text", "file", "bcc")
NOTES = {"annasname", "annasnote", "annastag", "annasfield", "teamtemplate"}
MARKED = {f"marked{one}" for one in IN_MAIL}
HUSHED = {f"hush{one}" for one in IN_MAIL} | {
    "hushnote", "hushtask", "hushdraft", "hushqueued", "hushfailed", "hushattached", "hushtemplate", "hushtoken",
    "hushlabel", "hushrule", "hushquarantine", "hushstranger",
}  # fmt: skip


def in_the_open(
    alice: Membership, bob: Membership, charlie: Membership, *, at: datetime
) -> dict[str, Any]:
    """What bob knows of, and what charlie has of his own; return the ids of alice's team's."""
    anna = create_contact(
        alice, name="annasname", addresses=[ANNA], note="annasnote", tags=["annastag"], at=at
    )
    add_field(alice, name="annasfield", kind="text", choices=[])
    note = a_note(alice, anna, text="annasnote", at=START)
    box = a_mailbox(alice, sharing=Sharing.PRIVATE, address="alice@haldenrowe.example")
    marked = _an_email(box, anna, "marked", at=START + timedelta(hours=1))
    share_thread(alice, marked.thread_id, level=Sharing.METADATA, at=at)
    bobs = a_mailbox(bob, address="bob@haldenrowe.example")
    his = a_message(bobs, anna, subject="Bobs own", at=START + timedelta(hours=2))
    shared = a_mailbox(alice, address="offers@haldenrowe.example")
    a_message(shared, a_contact(alice, "Olaf"), subject="Shared", at=START + timedelta(hours=4))
    theirs = a_contact(charlie, "Somebody else's", ANNA)
    a_message(a_mailbox(charlie), theirs, at=START + timedelta(hours=3))
    joining.invite(alice, email="new@haldenrowe.example", role="member", at=at)
    create_template(alice, name="teamtemplate", subject="s", html="<p>t</p>", is_team=True, at=at)
    carol = a_member(alice, "Carol")
    other = create_contact(alice, name="Olga", addresses=["olga@lindwerk.example"], at=at)
    change = change_contacts(alice, [other.pk], BulkChange("tag", "annastag"), at=at)
    return {
        "contact": anna.pk, "activity": note.pk, "company": Company.objects.get(team=alice.team).pk,
        "tag": Tag.objects.get().pk, "field": CustomField.objects.get().pk, "bulk edit": change.pk,
        "mailbox": box.pk, "thread": marked.thread_id, "message": marked.pk, "message_id": marked.message_id,
        "person": alice.user_id, "member": alice.pk, "invitation": Invitation.objects.get().pk,
        "his": his, "carol": carol,
        "shared": shared, "anna": anna, "box": box, "domain": "lindwerk.example", "number": 1,
    }  # fmt: skip


def _an_email(box: Any, anna: Any, word: str, *, at: datetime, **more: Any) -> Any:
    hidden = a_contact_for_bcc(box, word)
    raw = (
        f"From: {ANNA}\r\nSubject: {word}subject\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n'
        f"<p>{word}text</p>\r\n--b\r\nContent-Type: application/pdf\r\n"
        f"Content-Disposition: attachment; filename={word}file.pdf\r\n\r\n%PDF\r\n--b--\r\n"
    )
    message = a_message(
        box, anna, bcc=(hidden,), subject=f"{word}subject", text=f"{word}text", direction="out",
        files=(f"{word}file.pdf",), raw=raw.encode(), at=at, **more,
    )  # fmt: skip
    Activity.objects.filter(contact=hidden).delete()
    hidden.delete()
    return message


def a_contact_for_bcc(box: Any, word: str) -> Any:
    """Somebody whom only a Bcc names: no contact is left of them."""
    return a_contact(Membership(team=box.team), f"{word}bcc", f"{word}bcc@lindwerk.example")


def keep_to_oneself(
    alice: Membership, open_things: dict[str, Any], *, at: datetime
) -> dict[str, Any]:
    """Give alice one of everything that is hers alone; return the ids of it."""
    anna, box, his = (open_things[one] for one in ("anna", "box", "his"))
    message = _an_email(box, anna, "hush", at=START + timedelta(days=4))
    a_message(box, anna, subject="hushsubject", text="hushtext", at=START + timedelta(days=5))
    a_message(box, anna, subject="hushsubject", thread=his.thread, at=START + timedelta(days=6))
    kept = a_message(
        open_things["shared"], anna, subject="hushsubject", at=START + timedelta(days=8)
    )
    share_thread(alice, kept.thread_id, level=Sharing.PRIVATE, at=at)
    stranger = a_contact(alice, "hushstranger", "hushstranger@lindwerk.example")
    a_message(box, stranger, at=START + timedelta(days=7))
    Activity.objects.filter(contact=stranger).delete()
    stranger.delete()
    share_contact(alice, anna, level=Sharing.PRIVATE, at=at)
    share_thread(alice, message.thread_id, level=Sharing.PRIVATE, at=at)
    _private_in_the_open(alice, open_things["shared"], at=at)
    own = _of_her_own(alice, anna, at=at)
    written = _written(alice, box, at=at)
    return {
        **_around_the_mailbox(alice, open_things["carol"], box, message, at=at), **written,
        "message": message.pk, "thread": message.thread_id, "message_id": message.message_id, "activity": own,
    }  # fmt: skip


def _private_in_the_open(alice: Membership, shared: Any, *, at: datetime) -> None:
    """Emails in a mailbox that is shared, which their author keeps private: one waits, one failed."""
    to = {"to": "olga@lindwerk.example", "bcc": "hushbcc@lindwerk.example"}
    later = at + timedelta(days=9)
    for email in (
        a_queued_email(alice, shared, at=at, send_at=later, subject="hushprivate", **to),
        a_failed_email(alice, shared, at=at, subject="hushprivate", **to),
    ):
        keep_private(alice, email, is_private=True, at=at)


def _of_her_own(alice: Membership, anna: Any, *, at: datetime) -> Any:
    write_activity(
        alice, anna, type="task", text="hushtask", due_on=at.date(), is_private=True, at=at
    )
    note = write_activity(alice, anna, type="note", text="hushnote", is_private=True, at=at)
    return rewrite_activity(alice, note.pk, text="hushnote, changed", at=at).pk


def _written(alice: Membership, box: Any, *, at: datetime) -> dict[str, Any]:
    words = {"bcc": "hushbcc@lindwerk.example"}
    draft = a_draft(alice, box, at=at, subject="hushdraft", html="<p>hushdraft</p>", **words)
    file = attach_file(
        alice, draft, filename="hushattached.txt", content_type="text/plain", content=b"x", at=at
    )
    later = at + timedelta(days=9)
    a_queued_email(alice, box, at=at, send_at=later, subject="hushqueued", **words)
    a_failed_email(alice, box, at=at, subject="hushfailed", **words)
    template = create_template(
        alice, name="hushtemplate", subject="s", html="<p>t</p>", is_team=False, at=at
    )
    create_token(alice, name="hushtoken", at=at)
    return {
        "email": draft.pk, "file": file.pk, "template": template.pk,
        "token": ApiToken.objects.get(name="hushtoken").pk, "content id": "none",
        "queued": OutgoingEmail.objects.get(subject="hushqueued").pk,
        "failed": OutgoingEmail.objects.get(subject="hushfailed").pk,
    }  # fmt: skip


def _around_the_mailbox(
    alice: Membership, carol: Membership, box: Any, message: Any, *, at: datetime
) -> dict[str, Any]:
    team = alice.team
    let_in(box, carol.user, thread_id=message.thread_id, at=at)
    asked = AccessRequest.objects.create(
        team=team, asked_by=carol.user, mailbox=box, thread_id=message.thread_id, asked_at=at
    )
    MailboxLabel.objects.create(mailbox=box, team=team, label_id="L1", name="hushlabel")
    HidingLabels.objects.create(mailbox=box, team=team, labels=["L1"], chosen_at=at)
    rule = add_rule(alice, mailbox=box, kind="domain", text="hushrule.example", at=at)
    unread = MailboxMessage.objects.create(
        mailbox=box, team=team, provider_id="f1", state=LedgerState.QUARANTINED, error="hushquarantine",
        listed_at=at, decided_at=at,
    )  # fmt: skip
    QuarantinedSource.objects.create(
        mailbox_message=unread,
        team=team,
        raw_zstd=pack_source(b"hushquarantine"),
        parser_version=1,
        at=at,
    )
    RetrievalRun.objects.create(
        mailbox=box, team=team, kind="all", started_at=at, ended_at=at, listed=9
    )
    return {
        "row": unread.pk, "rule": rule.pk, "request": asked.pk, "admission": Admission.objects.get().pk,
        "choice": SharingChoice.objects.filter(mailbox=box).first().pk,
    }  # fmt: skip


def of_nothing(things: dict[str, Any]) -> dict[str, Any]:
    """The same kinds of ids, of nothing that there is."""
    return {
        kind: 10**9 + 7
        if isinstance(value, int) and kind != "number"
        else new_id()
        if not isinstance(value, (int, str))
        else value
        for kind, value in things.items()
    }
