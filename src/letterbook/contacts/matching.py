"""Address → contact."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from letterbook.contacts.models import ContactAddress


def match_contacts(team_id: UUID, keys: Iterable[str]) -> dict[str, UUID]:
    """Return which of these address keys belong to which of the team's contacts; one query for all."""
    found = ContactAddress.objects.filter(team_id=team_id, key__in=set(keys))
    return dict(found.values_list("key", "contact_id"))
