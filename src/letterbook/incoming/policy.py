"""What a mailbox's policy says about mail that nobody on it is a contact of."""

from __future__ import annotations

from letterbook.correspondence.models import SkipReason
from letterbook.mailboxes.models import Mailbox, StoringPolicy

# Reasons that end when somebody on the message becomes a contact, or when the policy lets them.
REASONS_FOR_WANT_OF_A_CONTACT = (
    SkipReason.NO_CONTACT,
    SkipReason.NO_PERSON,
    SkipReason.BULK,
    SkipReason.NOT_FETCHED,
    SkipReason.ERASED,
)


def reason_without_contact(mailbox: Mailbox, *, is_bulk: bool) -> SkipReason:
    """Return why a message without a contact on it is left out: where everyone becomes one, nobody on it could."""
    if mailbox.policy == StoringPolicy.EVERYONE:
        return SkipReason.BULK if is_bulk else SkipReason.NO_PERSON
    return SkipReason.NO_CONTACT
