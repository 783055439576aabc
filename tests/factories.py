"""Rows for tests, made directly: people of a team, their mailboxes, contacts, and stored email."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import pgtrigger
from django.db import connection

from letterbook.contacts.indexing import index_contacts
from letterbook.contacts.models import Contact, ContactAddress
from letterbook.correspondence.models import (
    Direction,
    LedgerState,
    MailboxMessage,
    Message,
    MessageSource,
    Thread,
)
from letterbook.correspondence.sources import pack_source
from letterbook.correspondence.words import fold_words
from letterbook.mailboxes.models import Mailbox, Sharing
from letterbook.mime.addresses import address_key
from letterbook.teams.models import Membership, Role, User
from letterbook.timeline.models import Activity, ActivityType
from letterbook.timeline.words import words_of

START = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
_made = iter(range(10**9))


def a_member(team_mate: Membership, name: str) -> Membership:
    """One more person in the same team."""
    user = User.objects.create_user(
        f"{name.lower()}@haldenrowe.example", "a long password", name=name
    )
    return Membership.objects.create(team=team_mate.team, user=user, role=Role.MEMBER)


def a_mailbox(member: Membership, *, sharing: Sharing = Sharing.FULL, address: str = "") -> Mailbox:
    """A connected mailbox of this person."""
    address = address or f"box{next(_made)}@haldenrowe.example"
    return Mailbox.objects.create(
        team=member.team,
        owner=member.user,
        address=address,
        address_key=address_key(address),
        sharing=sharing,
    )


def is_known_of(mailbox: Mailbox, member: Membership) -> bool:
    """Whether the mailbox alone tells this member of its team that an email is in it."""
    return mailbox.owner_id == member.user_id or mailbox.sharing > Sharing.PRIVATE


def a_contact(member: Membership, name: str = "Anna Lind", address: str = "") -> Contact:
    """A contact of the member's team with one address."""
    contact = Contact.objects.create(team=member.team, name=name)
    address = address or f"anna{next(_made)}@lindwerk.example"
    ContactAddress.objects.create(
        contact=contact,
        team=member.team,
        address=address,
        key=address_key(address),
        is_primary=True,
    )
    index_contacts([contact.pk])
    return contact


def a_thread(member: Membership) -> Thread:
    """An empty thread of the member's team."""
    return Thread.objects.create(team=member.team)


def a_message(
    mailbox: Mailbox,
    *contacts: Contact,
    direction: str = Direction.INCOMING,
    subject: str = "The spring catalogue",
    text: str = "Here is the proof of the spring catalogue.",
    at: datetime | None = None,
    thread: Thread | None = None,
    bcc: tuple[Contact, ...] = (),
    files: tuple[str, ...] = (),
    is_automatic: bool = False,
    also_in: tuple[Mailbox, ...] = (),
    raw: bytes = b"",
) -> Message:
    """A stored email between the mailbox and the contacts, held by `mailbox` and `also_in`, with its activities."""
    number = next(_made)
    ours = {"name": mailbox.owner.name, "address": mailbox.address}
    theirs = [{"name": one.name, "address": _address(one)} for one in contacts]
    hidden = [
        {"name": one.name, "address": _address(one), "key": address_key(_address(one))}
        for one in bcc
    ]
    if direction == Direction.INCOMING:
        people = [{"role": "from", **one} for one in theirs[:1]]
        people += [{"role": "to", **ours}] + [{"role": "cc", **one} for one in theirs[1:]]
    else:
        people = [{"role": "from", **ours}] + [{"role": "to", **one} for one in theirs]
    sender = people[0]
    message = Message.objects.create(
        team_id=mailbox.team_id,
        thread=thread or Thread.objects.create(team_id=mailbox.team_id),
        identity=hashlib.md5(str(number).encode(), usedforsecurity=False).digest(),
        message_id=f"<{number}@haldenrowe.example>",
        direction=direction,
        sent_by=mailbox.owner if direction == Direction.OUTGOING else None,
        occurred_at=at or START + timedelta(minutes=number),
        subject=subject,
        from_name=sender["name"],
        from_address=sender["address"],
        participants=people,
        address_keys=[address_key(person["address"]) for person in [*people, *hidden]],
        bcc_keys=[person["key"] for person in hidden],
        snippet=" ".join(text.split())[:200],
        text=text,
        attachments=[
            {
                "number": n,
                "filename": name,
                "content_type": "application/pdf",
                "size": 1000,
                "is_inline": False,
            }
            for n, name in enumerate(files, start=1)
        ],
        has_attachments=bool(files),
        is_automatic=is_automatic,
        size=len(text),
        parser_version=1,
    )
    _make_searchable(message)
    if raw:
        _keep_source(message, mailbox, raw)
    hold(message, mailbox, bcc=hidden)
    for box in also_in:
        hold(message, box)
    for contact in (*contacts, *bcc):
        Activity.objects.create(
            team_id=mailbox.team_id,
            contact=contact,
            type=ActivityType.EMAIL,
            message=message,
            user=mailbox.owner,
            direction=direction,
            occurred_at=message.occurred_at,
        )
    return message


def rewrite(message: Message, **content: object) -> None:
    """Make a stored email say something else, as if it had come like that; outside of tests PostgreSQL refuses it."""
    with pgtrigger.ignore("correspondence.Message:content_stays"):
        Message.objects.filter(pk=message.pk).update(**content)


def hold(
    message: Message, mailbox: Mailbox, *, bcc: list[dict[str, str]] | None = None
) -> MailboxMessage:
    """One more mailbox that holds a copy, which may tell who is in Bcc."""
    return MailboxMessage.objects.create(
        mailbox=mailbox,
        team_id=mailbox.team_id,
        provider_id=f"{next(_made):016x}",
        state=LedgerState.STORED,
        message=message,
        bcc=bcc or None,
        listed_at=message.occurred_at,
        decided_at=message.occurred_at,
    )


def a_note(
    member: Membership,
    contact: Contact,
    *,
    text: str = "Prefers calls.",
    at: datetime | None = None,
) -> Activity:
    """A note in a contact's history."""
    return Activity.objects.create(
        team=member.team,
        contact=contact,
        type=ActivityType.NOTE,
        user=member.user,
        occurred_at=at or START + timedelta(minutes=next(_made)),
        text=text,
        words=words_of(text),
    )


def _address(contact: Contact) -> str:
    return contact.addresses.get(is_primary=True).address


def _keep_source(message: Message, mailbox: Mailbox, raw: bytes) -> None:
    MessageSource.objects.create(
        message=message,
        team_id=message.team_id,
        mailbox=mailbox,
        raw_zstd=pack_source(raw),
        sha256=hashlib.sha256(raw).digest(),
    )


def _make_searchable(message: Message) -> None:
    """Write the text index as storing does: subject A, people but those in Bcc B, files C, text D."""
    people = message.participants
    files = [attached["filename"] for attached in message.attachments]
    words = (
        message.subject,
        " ".join(f"{person['name']} {person['address']}" for person in people),
        " ".join(files),
        message.text,
    )
    with connection.cursor() as cursor:
        cursor.execute(_INDEX, [*map(fold_words, words), message.pk])


_INDEX = """
    UPDATE correspondence_message SET search =
        setweight(to_tsvector('simple', %s), 'A') || setweight(to_tsvector('simple', %s), 'B')
        || setweight(to_tsvector('simple', %s), 'C') || setweight(to_tsvector('simple', %s), 'D')
    WHERE id = %s
"""
