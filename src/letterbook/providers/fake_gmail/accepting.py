"""What happens when Gmail accepts an email: it is changed a little, written down, and delivered."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from email.utils import format_datetime, formataddr, parseaddr

from letterbook.providers.fake_gmail.coming_back import is_coming_back, what_comes_back
from letterbook.providers.fake_gmail.contents import Content
from letterbook.providers.fake_gmail.header_lines import (
    addresses_in,
    fields_of,
    replaced,
    with_first,
    without,
)
from letterbook.providers.fake_gmail.mailbox import FakeMailbox, FakeSendAs, StoredMessage
from letterbook.providers.fake_gmail.refusals import invalid, sending_limit, too_large
from letterbook.providers.fake_gmail.state import Accepted, State
from letterbook.providers.fake_gmail.times import in_google_form, to_ms

LARGEST_MESSAGE = 36_700_160


def accept(
    state: State,
    mailbox: FakeMailbox,
    raw: bytes,
    *,
    thread_id: str = "",
    is_thread_fixed: bool = False,
) -> StoredMessage:
    """Send `raw` as the account and return its SENT copy, or refuse and do nothing."""
    recipients = check_sendable(raw)
    _check_daily_limit(state, mailbox)
    at = state.now()
    wire = _as_gmail_sends_it(state, mailbox, raw, at=at)
    delay = state.behaviour.sent_visible_after
    is_to_self = any(state.mailbox_that_receives(one) is mailbox for one in recipients)
    sent = mailbox.add(
        Content(wire),
        labels=frozenset({"SENT", "INBOX", "UNREAD"} if is_to_self else {"SENT"}),
        internal_ms=to_ms(at),
        thread_id=thread_id,
        is_thread_fixed=is_thread_fixed,
        visible_at=at.timestamp() + delay if delay else 0.0,
    )
    _write_down(state, mailbox, raw, recipients=recipients, sent=sent, at=at)
    _deliver(state, mailbox, wire, recipients=recipients, at=at)
    _bring_back(state, mailbox, sent, recipients=recipients, at=at)
    return sent


def check_size(raw: bytes) -> None:
    """Refuse what is larger than Gmail takes."""
    if len(raw) > LARGEST_MESSAGE:
        raise too_large()


def check_sendable(raw: bytes) -> tuple[str, ...]:
    """Return the recipients in order, each once, or refuse an email that cannot be sent."""
    check_size(raw)
    values = [value for name, value in fields_of(raw) if name.lower() in {"to", "cc", "bcc"}]
    recipients = tuple(dict.fromkeys(addresses_in(*values)))
    if not recipients:
        raise invalid("Recipient address required")
    for one in recipients:
        if not re.fullmatch(r"[^\s@]+@[^\s@]+", one):
            raise invalid("Invalid To header")
    return recipients


def _check_daily_limit(state: State, mailbox: FakeMailbox) -> None:
    limit = state.behaviour.daily_sends
    if not limit:
        return
    times = [one.at for one in state.accepted if one.mailbox == mailbox.address]
    recent = [at for at in times if (state.now() - at).total_seconds() < 86_400]
    if len(recent) >= limit:
        free_at = state.now().timestamp() + 86_400 - (state.now() - recent[0]).total_seconds()
        until = datetime.fromtimestamp(free_at, tz=state.now().tzinfo)
        raise sending_limit(in_google_form(until))


def _as_gmail_sends_it(state: State, mailbox: FakeMailbox, raw: bytes, *, at: datetime) -> bytes:
    fields = {name.lower(): value for name, value in reversed(fields_of(raw))}
    wire = raw
    if state.behaviour.message_ids == "rewrite" or not fields.get("message-id"):
        wire = replaced(wire, "Message-ID", state.ids.message_id())
    if not fields.get("date"):
        wire = with_first(wire, ("Date", format_datetime(at)))
    if not _is_own(mailbox, fields.get("from", "")):
        wire = replaced(wire, "From", _default_from(mailbox))
    return wire


def _is_own(mailbox: FakeMailbox, from_value: str) -> bool:
    address = parseaddr(from_value)[1].casefold()
    return any(one.is_verified and one.address.casefold() == address for one in mailbox.send_as)


def _default_from(mailbox: FakeMailbox) -> str:
    own = next(
        (one for one in mailbox.send_as if one.is_default),
        FakeSendAs(mailbox.address, mailbox.name),
    )
    return formataddr((own.name, own.address))


def _write_down(
    state: State,
    mailbox: FakeMailbox,
    raw: bytes,
    *,
    recipients: tuple[str, ...],
    sent: StoredMessage,
    at: datetime,
) -> None:
    key = state.behaviour.send_key_header.lower()
    submitted = {name.lower(): value for name, value in reversed(fields_of(raw))}
    wire = {name.lower(): value for name, value in reversed(sent.content.fields)}
    state.accepted.append(
        Accepted(
            mailbox=mailbox.address,
            send_key=submitted.get(key, ""),
            raw_sha256=hashlib.sha256(raw).hexdigest(),
            recipients=recipients,
            at=at,
            message_id=wire["message-id"],
            gmail_message_id=sent.id,
        )
    )


def _deliver(
    state: State, sender: FakeMailbox, wire: bytes, *, recipients: tuple[str, ...], at: datetime
) -> None:
    """Put a copy into every other fake mailbox; all other addresses just leave."""
    reached: dict[str, str] = {}
    for one in recipients:
        mailbox = state.mailbox_that_receives(one)
        if mailbox and mailbox is not sender:
            reached.setdefault(mailbox.address.casefold(), one)
    public = without(wire, "Bcc")
    for address, written in reached.items():
        copy = with_first(
            public,
            ("Delivered-To", state.mailboxes[address].address),
            ("Return-Path", f"<{sender.address}>"),
            ("Received", f"by fake-gmail.example for <{written}>; {format_datetime(at)}"),
        )
        state.mailboxes[address].add(
            Content(copy), labels=frozenset({"INBOX", "UNREAD"}), internal_ms=to_ms(at)
        )


def _bring_back(
    state: State,
    sender: FakeMailbox,
    sent: StoredMessage,
    *,
    recipients: tuple[str, ...],
    at: datetime,
) -> None:
    """Gmail puts its own reports into the thread of the email, whatever their subject."""
    public = without(sent.content.raw, "Bcc")
    for one in filter(is_coming_back, recipients):
        back = what_comes_back(public, one, message_id=state.ids.message_id(), at=at)
        sender.add(
            Content(back),
            labels=frozenset({"INBOX", "UNREAD"}),
            internal_ms=to_ms(at),
            thread_id=sent.thread_id,
            is_thread_fixed=True,
        )
