"""Who gets an answer, and from which of one's addresses it comes."""

from __future__ import annotations

import re
from collections.abc import Iterable

from letterbook.correspondence.models import Message
from letterbook.kit.refusals import NotAllowed
from letterbook.mailboxes.models import Mailbox, MailboxState, SendAsAddress
from letterbook.mailboxes.own_addresses import own_addresses
from letterbook.mime.addresses import Address, BadAddress, address_key, check_address
from letterbook.teams.models import Membership


def answer_recipients(
    member: Membership, message: Message, *, to_all: bool
) -> tuple[list[Address], list[Address]]:
    """Return To and Cc of an answer: Reply-To before From, oneself left out, each address once.

    A list that puts itself into Reply-To gets the answer, in plain sight; what one sent oneself goes to the same people
    again.
    """
    mine = {key for key, user in own_addresses(member.team_id).items() if user == member.user_id}
    sender = _people(message, "reply_to") or _people(message, "from")
    to, cc = _people(message, "to"), _people(message, "cc")
    if all(one.key in mine for one in sender):
        return (to, _without(cc, to)) if to_all else (to, [])
    if not to_all:
        return sender, []
    others = [one for one in [*to, *cc] if one.key not in mine]
    return sender, _without(others, sender)


def as_typed(addresses: Iterable[Address]) -> str:
    """Return addresses as a person types them into a field."""
    return ", ".join(_typed(one) for one in addresses)


def sending_mailbox(member: Membership, message: Message) -> Mailbox:
    """Return the mailbox of one's own that an email came to, or one's first that works; raise `NotAllowed`."""
    own = list(Mailbox.objects.sendable_by(member).order_by("created_at", "id"))
    if not own:
        raise NotAllowed(
            "You have no mailbox to send from.",
            way_out="Connect one: answers are sent from your own.",
            code="NoMailbox",
        )
    holding = set(message.copies.values_list("mailbox_id", flat=True))
    broken = {MailboxState.NEEDS_RECONNECTING, MailboxState.DISCONNECTED}
    return min(own, key=lambda box: (box.state in broken, box.pk not in holding))


def address_written_to(message: Message, mailbox: Mailbox) -> SendAsAddress | None:
    """Return the address of a mailbox that an email was sent to or from, so that the answer comes from it.

    Otherwise the one it sends from as a rule, None where nothing is known of any.
    """
    aliases = list(SendAsAddress.objects.filter(mailbox=mailbox, is_verified=True).order_by("id"))
    by_key = {alias.key: alias for alias in aliases}
    for role in ("to", "cc", "from"):
        for person in message.participants:
            key = address_key(str(person["address"]))
            if person["role"] == role and key in by_key:
                return by_key[key]
    return next((alias for alias in aliases if alias.is_default), None)


def _people(message: Message, role: str) -> list[Address]:
    """Return the people of a role whom an email can be sent to; old mail holds addresses that nothing reaches."""
    found = [
        Address(str(person["name"]), str(person["address"]))
        for person in message.participants
        if person["role"] == role
    ]
    return _without((one for one in found if _is_usable(one)), ())


def _without(addresses: Iterable[Address], others: Iterable[Address]) -> list[Address]:
    taken = {one.key for one in others}
    by_key: dict[str, Address] = {}
    for one in addresses:
        if one.key not in taken:
            by_key.setdefault(one.key, one)
    return list(by_key.values())


def _is_usable(address: Address) -> bool:
    try:
        check_address(address.email)
    except BadAddress:
        return False
    return True


def _typed(address: Address) -> str:
    name = re.sub(r"[\x00-\x1f\x7f]", " ", address.name)[:200].strip()
    if not name:
        return address.email
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}" <{address.email}>'
