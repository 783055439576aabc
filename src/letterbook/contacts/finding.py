"""Finding one contact by its id, also where it is part of another one since."""

from __future__ import annotations

from uuid import UUID

from letterbook.contacts.models import Contact, ContactMerge
from letterbook.kit.refusals import NotFound
from letterbook.teams.models import Membership


class WasMerged(NotFound):
    """The contact goes on as another one: `kept`."""

    def __init__(self, kept: Contact) -> None:
        super().__init__(
            f"This contact was merged into {kept}.", way_out=f"Go on with /contacts/{kept.pk}."
        )
        self.kept = kept


def find_contact(member: Membership, pk: UUID) -> Contact:
    """Return a contact of the member's team with its addresses; raise `WasMerged`, or else `NotFound`."""
    found = _of_team(member, pk)
    if found is not None:
        return found
    kept = _follow_mergings(member, pk)
    if kept is not None:
        raise WasMerged(kept)
    raise NotFound("There is no such contact.", way_out="Perhaps it was deleted.")


def _of_team(member: Membership, pk: UUID) -> Contact | None:
    contacts = Contact.objects.visible_to(member).select_related("owner", "employer")
    return contacts.prefetch_related("addresses").filter(pk=pk).first()


def _follow_mergings(member: Membership, pk: UUID) -> Contact | None:
    """Return whom a contact is part of now: the one it went into may have gone into a third."""
    passed = {pk}
    while True:
        merges = ContactMerge.objects.visible_to(member).filter(gone_id=pk, undone_at=None)
        newest = merges.order_by("-merged_at", "-pk").first()
        # Undone and merged the other way round, two can name each other.
        if newest is None or newest.kept_id in passed:
            return None
        pk = newest.kept_id
        passed.add(pk)
        if kept := _of_team(member, pk):
            return kept
