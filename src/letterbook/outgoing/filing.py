"""Bringing the copies of sent emails into the history: several of one mailbox cost little more than one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from letterbook.correspondence.packing import pack_message
from letterbook.correspondence.storing import SENT, Copy
from letterbook.correspondence.threading import lock_correspondence
from letterbook.mailboxes.models import Mailbox
from letterbook.mime.message_ids import with_message_id
from letterbook.mime.parsing import parse_message
from letterbook.outgoing.models import FrozenEmail, OutgoingEmail
from letterbook.providers.mail import MessageHeaders
from letterbook.timeline.recording import record_sent_copies


@dataclass(frozen=True, slots=True)
class SentEmail:
    """An email that is sent, the bytes that went out, and what the provider says of its copy, if it could be asked."""

    email: OutgoingEmail
    frozen: FrozenEmail
    headers: MessageHeaders | None


@transaction.atomic
def file_copies(mailbox: Mailbox, sent: Sequence[SentEmail], *, at: datetime) -> None:
    """Record the copies of these emails of one mailbox, all or none; what is left out the sweep finds."""
    # Whoever erases a person holds it too: either the copy is there to be erased, or it is not filed any more.
    lock_correspondence(mailbox.team_id)
    sent = _without_erased(sent)
    copies_of: dict[UUID, list[Copy]] = defaultdict(list)
    for each in sent:
        copies_of[each.email.author_id].append(_copy(each, at=at))
    messages = record_sent_copies(mailbox, copies_of, at=at)
    _link([(each.email, messages[each.email.gmail_message_id]) for each in sent])


def _without_erased(sent: Sequence[SentEmail]) -> list[SentEmail]:
    ids = [each.email.pk for each in sent]
    erased = OutgoingEmail.objects.filter(pk__in=ids, erased_at__isnull=False)
    gone = set(erased.values_list("pk", flat=True))
    return [each for each in sent if each.email.pk not in gone]


def _copy(sent: SentEmail, *, at: datetime) -> Copy:
    raw = _as_it_went_out(bytes(sent.frozen.raw), sent.headers)
    return Copy(
        provider_id=sent.email.gmail_message_id,
        provider_thread_id=sent.email.gmail_thread_id,
        labels=frozenset({SENT}),
        received_at=sent.headers.received_at if sent.headers else sent.email.sent_at or at,
        email=pack_message(raw, parse_message(raw)),
    )


def _as_it_went_out(raw: bytes, headers: MessageHeaders | None) -> bytes:
    """Return our bytes with the Message-ID that Gmail gave them: what answers will refer to."""
    wire_id = headers.headers.get("message-id", "").strip() if headers else ""
    if not wire_id:
        return raw
    return with_message_id(raw, wire_id)


def _link(messages: Sequence[tuple[OutgoingEmail, UUID]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE outgoing_outgoingemail SET message_id = filed.message_id"
            " FROM unnest(%s::uuid[], %s::uuid[]) AS filed (id, message_id)"
            " WHERE outgoing_outgoingemail.id = filed.id",
            [[email.pk for email, _ in messages], [message_id for _, message_id in messages]],
        )
    for email, message_id in messages:
        email.message_id = message_id
