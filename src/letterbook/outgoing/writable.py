"""The gate of every verb: which email this person may change, and which mailbox they may send from."""

from __future__ import annotations

from letterbook.kit.refusals import Conflict, Invalid, NotAllowed, NotFound
from letterbook.mailboxes.models import Mailbox, SendAsAddress
from letterbook.mime.addresses import address_key
from letterbook.mime.characters import storable
from letterbook.outgoing.models import OutgoingEmail
from letterbook.outgoing.status import WAYS_ON, Status
from letterbook.teams.models import Membership


def lock_writable(member: Membership, email: OutgoingEmail) -> OutgoingEmail:
    """Return the email, its row locked until the transaction ends; raise `NotFound` or `NotAllowed`."""
    writable = OutgoingEmail.objects.writable_by(member).select_for_update(of=("self",))
    found = writable.filter(pk=email.pk).first()
    if found is not None:
        return found
    if OutgoingEmail.objects.visible_to(member).filter(pk=email.pk).exists():
        raise NotAllowed(
            "This email is a team-mate's.", way_out="Ask them, or write one of your own."
        )
    raise NotFound("There is no such email.")


def lock_draft(member: Membership, email: OutgoingEmail) -> OutgoingEmail:
    """Return the draft, locked; raise `Conflict` when it is no draft any more."""
    found = lock_writable(member, email)
    if found.status != Status.DRAFT:
        raise Conflict(
            "Only a draft can be changed or queued.", way_out=WAYS_ON[Status(found.status)]
        )
    return found


def sendable_mailbox(member: Membership, mailbox: Mailbox) -> Mailbox:
    """Return the mailbox as it is now; raise `NotAllowed` unless this person may send from it."""
    found = Mailbox.objects.sendable_by(member).filter(pk=mailbox.pk).first()
    if found is not None:
        return found
    if Mailbox.objects.visible_to(member).filter(pk=mailbox.pk).exists():
        raise NotAllowed(
            "Only its owner sends from this mailbox.", way_out="Choose a mailbox of your own."
        )
    raise NotFound("There is no such mailbox.")


def sender_of(mailbox: Mailbox, from_address: str) -> tuple[str, str]:
    """Return name and address to send as; raise `Invalid` unless Google verified the address for this mailbox.

    Gmail silently replaces any other From, so that the recipient would see another sender than the writer chose.
    """
    key = address_key(storable(from_address)) if from_address else mailbox.address_key
    alias = SendAsAddress.objects.filter(mailbox=mailbox, key=key).first()
    if alias is not None and alias.is_verified:
        return alias.name or mailbox.owner.name, alias.address
    if key == mailbox.address_key:
        return mailbox.owner.name, mailbox.address
    raise Invalid(
        f"Google has not verified {from_address} for the mailbox {mailbox.address}.",
        way_out="Verify it in Gmail's settings (Send mail as), or send from another address.",
        field="from_address",
    )
