"""From a draft to the exact bytes that are handed over, kept before any of them leaves."""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime
from urllib.parse import quote

from django.db.models import Max

from letterbook.correspondence.models import Message
from letterbook.correspondence.sharing.keeping_private import keep_email_private
from letterbook.correspondence.sources import read_beginning
from letterbook.kit.refusals import Invalid
from letterbook.mailboxes.models import SendAsAddress
from letterbook.mime.addresses import Address, address_key
from letterbook.mime.composing import Attachment, BadHeader, Composition, compose
from letterbook.mime.html import clean_composed_html
from letterbook.mime.identity import references_of_answer
from letterbook.mime.parsing import read_ancestors
from letterbook.mime.send_keys import SEND_KEY_HEADER
from letterbook.outgoing.attaching import pictures_of
from letterbook.outgoing.fitting import check_message_fits
from letterbook.outgoing.models import FrozenEmail, OutgoingEmail, RecipientKind
from letterbook.outgoing.one_click import link_of
from letterbook.outgoing.recipients import addresses_of

# Where the headers of any email end, or what is kept of them.
_HEADERS = 256 * 1024


def freeze(email: OutgoingEmail, *, date: datetime, at: datetime) -> FrozenEmail:
    """Compose and keep the bytes with a new send key; raise `Invalid` when they cannot be sent."""
    send_key = uuid.uuid4()
    # Plain letters also where the sender's domain has others: a Message-ID has no form for those.
    message_id = f"{send_key.hex}@{address_key(email.from_address).rpartition('@')[2]}"
    raw = _compose(email, send_key=send_key, message_id=message_id, date=date)
    check_message_fits(len(raw))
    rounds = email.frozen.aggregate(last=Max("round"))["last"]
    if email.is_private:
        keep_email_private(email.pk, email.mailbox, send_keys=[send_key], at=at)
    return FrozenEmail.objects.create(
        email=email,
        team_id=email.team_id,
        round=(rounds or 0) + 1,
        send_key=send_key,
        message_id=message_id,
        raw=raw,
        sha256=hashlib.sha256(raw).digest(),
        frozen_at=at,
    )


def _compose(
    email: OutgoingEmail, *, send_key: uuid.UUID, message_id: str, date: datetime
) -> bytes:
    try:
        return compose(
            Composition(
                from_=Address(email.from_name, email.from_address),
                to=addresses_of(email, RecipientKind.TO),
                cc=addresses_of(email, RecipientKind.CC),
                bcc=addresses_of(email, RecipientKind.BCC),
                subject=email.subject,
                html=_html(email),
                message_id=message_id,
                date=date,
                in_reply_to=email.answers.message_id if email.answers else "",
                references=_references(email.answers),
                attachments=_files(email),
                headers=_headers(email, send_key),
            )
        )
    except BadHeader as bad:
        raise Invalid(str(bad), field="subject") from bad


def _references(answered: Message | None) -> tuple[str, ...]:
    if answered is None or not answered.message_id:
        return ()
    beginning = read_beginning(answered, size=_HEADERS)
    chain = read_ancestors(beginning) if beginning else tuple(filter(None, [answered.in_reply_to]))
    return references_of_answer(chain, answered.message_id)


def _html(email: OutgoingEmail) -> str:
    """Return the text without what would show a picture that was removed."""
    if '"cid:' not in email.html:
        return email.html
    return clean_composed_html(email.html, pictures={one: one for one in pictures_of(email)})


def _files(email: OutgoingEmail) -> tuple[Attachment, ...]:
    """Return the files; a picture that was taken out of the text again stays behind."""
    return tuple(
        Attachment(one.filename, one.content_type, bytes(one.content), one.content_id)
        for one in email.attachments.order_by("id")
        if not one.is_picture or f'"cid:{one.content_id}"' in email.html
    )


def _headers(email: OutgoingEmail, send_key: uuid.UUID) -> tuple[tuple[str, str], ...]:
    own = ((SEND_KEY_HEADER, str(send_key)), *_reply_to(email))
    if not email.asks_unsubscribe:
        return own
    address = quote(email.from_address, safe="@!$*+-./=^_~")
    by_email = f"<mailto:{address}?subject=unsubscribe>"
    link = link_of(email)
    if not link:
        return (*own, ("List-Unsubscribe", by_email))
    return (
        *own,
        ("List-Unsubscribe", f"<{link}>, {by_email}"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    )


def _reply_to(email: OutgoingEmail) -> tuple[tuple[str, str], ...]:
    """Return where its owner wants answers to the chosen address; Gmail adds that only to what is written in Gmail."""
    key = address_key(email.from_address)
    alias = SendAsAddress.objects.filter(mailbox=email.mailbox_id, key=key).first()
    if alias is None or address_key(alias.reply_to) in {"", key}:
        return ()
    return (("Reply-To", alias.reply_to),)
