"""Which addresses a person may write from, and why one of them cannot be used now."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from letterbook.kit.refusals import Invalid
from letterbook.mailboxes.models import Mailbox, MailboxState, SendAsAddress
from letterbook.mailboxes.signatures import signature_for
from letterbook.teams.models import Membership

_BROKEN = {
    MailboxState.NEEDS_RECONNECTING: "needs reconnecting",
    MailboxState.DISCONNECTED: "is disconnected",
}
_NEEDS_REVIEW = "Gmail has not verified it"


@dataclass(frozen=True, slots=True)
class Sender:
    """A choice of the field From; `problem` says why it cannot be chosen, `remark` what happens if it is."""

    value: str
    label: str
    mailbox: Mailbox
    address: str
    is_default: bool
    problem: str = ""
    remark: str = ""
    is_signed: bool = False


def senders_of(member: Membership) -> list[Sender]:
    """Return every address the person may send from, those that work first; two queries."""
    boxes = Mailbox.objects.sendable_by(member).select_related("owner").order_by("created_at", "id")
    found = [one for box in boxes.prefetch_related("send_as") for one in _senders(box)]
    return sorted(found, key=lambda one: (bool(one.problem), not one.is_default))


def _senders(box: Mailbox) -> list[Sender]:
    aliases = sorted(box.send_as.all(), key=lambda one: (not one.is_default, one.pk))
    if not any(one.key == box.address_key for one in aliases):
        own = SendAsAddress(address=box.address, key=box.address_key, is_verified=True)
        aliases.insert(0, own)
    return [_sender(box, alias) for alias in aliases]


def _sender(box: Mailbox, alias: SendAsAddress) -> Sender:
    is_own = alias.key == box.address_key
    unverified = "" if alias.is_verified or is_own else _NEEDS_REVIEW
    is_resting = box.is_sending_paused or box.state == MailboxState.PAUSED
    return Sender(
        value=f"{box.pk}|{alias.address}",
        label=f"{alias.name or box.owner}, {alias.address}",
        mailbox=box,
        address=alias.address,
        is_default=alias.is_default or is_own,
        problem=_BROKEN.get(MailboxState(box.state), unverified),
        remark=_resting(box) if is_resting else "",
        is_signed=bool(alias.signature_html),
    )


def _resting(box: Mailbox) -> str:
    why = f" ({box.sending_paused_reason})" if box.sending_paused_reason else ""
    return f"sending is paused{why}: it will wait"


def signatures_of(senders: list[Sender]) -> dict[str, str]:
    """Return the signature of each choice of the field From that has one."""
    return {one.value: signature_for(one.mailbox, one.address) for one in senders if one.is_signed}


def mailbox_of(member: Membership, sender: str, *, otherwise: Mailbox | None = None) -> Mailbox:
    """Return the mailbox of a chosen sender; raise `Invalid` when it is none of the person's."""
    mailbox_id = sender.partition("|")[0]
    try:
        wanted = UUID(mailbox_id)
    except ValueError:
        wanted = None
    found = Mailbox.objects.sendable_by(member).filter(pk=wanted).first() if wanted else otherwise
    if found is None:
        raise Invalid("Choose a mailbox to send from.", field="from_address")
    return found
