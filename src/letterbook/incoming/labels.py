"""What a message's labels say about storing it."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from letterbook.correspondence.models import SkipReason

_REASONS = {
    "DRAFT": SkipReason.DRAFT,
    "CHAT": SkipReason.CHAT,
    "SPAM": SkipReason.SPAM,
    "TRASH": SkipReason.TRASH,
}
# Reasons that end when the labels change; `no_contact` ends when somebody becomes a contact.
LABEL_REASONS = (*_REASONS.values(), SkipReason.LABEL, SkipReason.NO_LABEL)


def reason_to_skip(labels: AbstractSet[str]) -> SkipReason | None:
    """Return why a message with these labels is not stored, None where labels do not forbid it."""
    return next((reason for label, reason in _REASONS.items() if label in labels), None)
