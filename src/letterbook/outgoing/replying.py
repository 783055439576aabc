"""Answering an email, and passing it on: a draft to go on writing."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from letterbook.correspondence.models import Message
from letterbook.correspondence.sharing.keeping_private import is_followed, shared_by
from letterbook.kit.refusals import NotFound
from letterbook.mailboxes.models import Mailbox, Sharing
from letterbook.mailboxes.signatures import signature_for
from letterbook.mime.marked_html import begin_html
from letterbook.mime.subject_prefixes import answering, forwarding
from letterbook.outgoing.answer_recipients import (
    address_written_to,
    answer_recipients,
    as_typed,
    sending_mailbox,
)
from letterbook.outgoing.attaching import take_over_files
from letterbook.outgoing.drafts import DraftText, create_draft
from letterbook.outgoing.models import Origin, OutgoingEmail
from letterbook.outgoing.quoted_mail import QuotedMail, quote_for_forward, quote_for_reply
from letterbook.teams.models import Membership

LONGEST_SUBJECT = 2_000


@transaction.atomic
def draft_reply(
    member: Membership,
    message: Message,
    *,
    to_all: bool,
    at: datetime,
    mailbox: Mailbox | None = None,
    origin: Origin = Origin.PAGE,
) -> OutgoingEmail:
    """Return a new draft that answers a message; raise `NotFound` unless this person may read it in full.

    It comes from the mailbox the message came to, unless another is given, and from the address that was written to.
    It begins as private where a label hides the message from the team: it quotes it, and labels do not follow.
    """
    readable = _readable(member, message)
    mailbox = mailbox or sending_mailbox(member, readable)
    to, cc = answer_recipients(member, readable, to_all=to_all)
    is_private = shared_by(
        member, readable
    ) == Sharing.PRIVATE < mailbox.sharing and not is_followed(member, readable, by_contact=True)
    text = DraftText(
        to=as_typed(to),
        cc=as_typed(cc),
        subject=_fitting(answering(readable.subject)),
        is_private=is_private,
    )
    quoted = quote_for_reply(member, readable)
    return _draft(
        member, readable, text, quoted, mailbox=mailbox, answers=readable, origin=origin, at=at
    )


@transaction.atomic
def draft_forward(
    member: Membership,
    message: Message,
    *,
    at: datetime,
    mailbox: Mailbox | None = None,
    origin: Origin = Origin.PAGE,
) -> OutgoingEmail:
    """Return a new draft that passes a message on with its files; raise `NotFound` unless this person may read it.

    It begins as private where the member shares the message less than mail that leaves from the mailbox: it quotes all
    of it, in a conversation of its own. Raises `Invalid` where its files are too large to be sent.
    """
    readable = _readable(member, message)
    mailbox = mailbox or sending_mailbox(member, readable)
    level = shared_by(member, readable)
    text = DraftText(
        subject=_fitting(forwarding(readable.subject)),
        is_private=level is not None and level < mailbox.sharing,
    )
    quoted = quote_for_forward(member, readable)
    return _draft(
        member, readable, text, quoted, mailbox=mailbox, answers=None, origin=origin, at=at
    )


def _readable(member: Membership, message: Message) -> Message:
    readable = Message.objects.readable_by(member).filter(pk=message.pk).first()
    if readable is None:
        raise NotFound("There is no such message.")
    return readable


def _draft(
    member: Membership,
    message: Message,
    text: DraftText,
    quoted: QuotedMail,
    *,
    mailbox: Mailbox,
    answers: Message | None,
    origin: Origin,
    at: datetime,
) -> OutgoingEmail:
    sender = address_written_to(message, mailbox)
    from_address = sender.address if sender else ""
    signature = signature_for(mailbox, from_address)
    whole = DraftText(
        to=text.to,
        cc=text.cc,
        subject=text.subject,
        html=begin_html(signature=signature, quotation=quoted.html),
        from_address=from_address,
        is_private=text.is_private,
    )
    draft = create_draft(
        member,
        mailbox=mailbox,
        text=whole,
        origin=origin,
        answers=answers,
        pictures=quoted.pictures,
        at=at,
    )
    take_over_files(draft, quoted.raw, content_ids=quoted.content_ids)
    return draft


def _fitting(subject: str) -> str:
    return subject[:LONGEST_SUBJECT].rstrip()
