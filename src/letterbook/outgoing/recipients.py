"""Whom an email goes to: from what was typed into three fields to one row per person."""

from __future__ import annotations

from dataclasses import dataclass

from letterbook.contacts.matching import match_contacts
from letterbook.kit.refusals import Invalid
from letterbook.mime.addresses import Address, BadAddress, check_addresses
from letterbook.outgoing.models import OutgoingEmail, Recipient, RecipientKind

# Google names 100 a message by the API on one page and 500 on another (support.google.com/a/answer/166852).
MOST_RECIPIENTS = 100
# A draft keeps what was pasted, so that nothing is lost before it is split.
MOST_KEPT = 2_000


@dataclass(frozen=True, slots=True)
class Addressee:
    """One person who was typed into To, Cc or Bcc."""

    kind: RecipientKind
    address: Address


def read_addressees(*, to: str, cc: str, bcc: str) -> tuple[Addressee, ...]:
    """Return everyone typed, each once (To before Cc before Bcc), or raise `Invalid` naming the field."""
    found: dict[str, Addressee] = {}
    typed = ((RecipientKind.TO, to), (RecipientKind.CC, cc), (RecipientKind.BCC, bcc))
    for kind, text in typed:
        for address in _check_field(kind, text):
            found.setdefault(address.key, Addressee(kind, address))
        if len(found) > MOST_KEPT:
            raise Invalid(
                f"A draft keeps at most {MOST_KEPT:,} people.",
                way_out="Split it into several emails.",
                field=kind.value,
            )
    return tuple(found.values())


def check_number(email: OutgoingEmail) -> None:
    """Raise `Invalid` unless an email goes to somebody, and not to more people than one email should."""
    number = email.recipients.count()
    if not number:
        raise Invalid("Nobody gets this email yet.", way_out="Add a recipient.", field="to")
    if number > MOST_RECIPIENTS:
        raise Invalid(
            f"An email can go to at most {MOST_RECIPIENTS} people; this one has {number:,}.",
            way_out="Split it into several emails.",
            field="to",
        )


def _check_field(kind: RecipientKind, text: str) -> tuple[Address, ...]:
    try:
        return check_addresses(text)
    except BadAddress as bad:
        raise Invalid(str(bad), field=kind.value) from bad


def write_recipients(email: OutgoingEmail, addressees: tuple[Addressee, ...]) -> None:
    """Make these the recipients of an email, each with the contact whose address it is."""
    contacts = match_contacts(email.team_id, [one.address.key for one in addressees])
    email.recipients.all().delete()
    Recipient.objects.bulk_create(
        Recipient(
            email=email,
            team_id=email.team_id,
            kind=one.kind,
            position=position,
            name=one.address.name,
            address=one.address.email,
            key=one.address.key,
            contact_id=contacts.get(one.address.key),
        )
        for position, one in enumerate(addressees)
    )


def addresses_of(email: OutgoingEmail, kind: RecipientKind) -> tuple[Address, ...]:
    """Return the recipients of one kind as they were typed, in order."""
    rows = sorted(email.recipients.all(), key=lambda row: row.position)
    return tuple(Address(row.name, row.address) for row in rows if row.kind == kind)
