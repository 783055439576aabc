"""A batch of imported rows: the contacts they mean are read at once, filled in by hand, and written at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import transaction

from letterbook.contacts.creating import claim_addresses
from letterbook.contacts.imported import RefusedRow
from letterbook.contacts.indexing import set_indexes
from letterbook.contacts.models import Contact, ContactAddress
from letterbook.contacts.tagging import find_or_create_tags
from letterbook.contacts.tombstones import erased_among
from letterbook.contacts.words import fold
from letterbook.kit.ids import new_id
from letterbook.mime.addresses import Address, address_key
from letterbook.teams.models import Membership

_ERASED = "This person was erased. To have them back, add them by hand."
_FILLED = ("name", "job_title", "company", "phone", "note", "time_zone")


@dataclass(frozen=True, slots=True)
class CheckedRow:
    """A row whose fields fit and whose addresses are addresses."""

    line: int
    fields: dict[str, str]
    addresses: dict[str, Address]  # by key
    tags: tuple[str, ...] = ()
    custom: dict[str, str] = field(default_factory=dict)  # by the field's id
    owner: str = ""  # the key of their address

    @property
    def name_key(self) -> tuple[str, str]:
        """By what a row without addresses is recognised: name and company."""
        return fold(self.fields["name"])[:320], fold(self.fields["company"])


@dataclass(slots=True)
class Tally:
    """What became of the rows so far."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: list[RefusedRow] = field(default_factory=list)
    unknown_owners: set[str] = field(default_factory=set)
    gained: set[UUID] = field(default_factory=set)


@dataclass(slots=True, eq=False)
class _Hand:
    """A contact in hand, with its addresses by key and those that it has yet to get."""

    contact: Contact
    addresses: dict[str, str] = field(default_factory=dict)
    coming: dict[str, Address] = field(default_factory=dict)
    has_primary: bool = False
    is_new: bool = False
    is_changed: bool = False

    @property
    def called(self) -> str:
        """How a person recognises it."""
        return self.contact.name or next(iter(self.addresses.values()), "a nameless contact")

    def fill(
        self, row: CheckedRow, *, tags: Mapping[str, UUID], owners: Mapping[str, UUID]
    ) -> bool:
        """Take over what is still missing; return whether anything was.

        `tags` are the ids by folded name, `owners` those of team-mates by the key of their address.
        """
        empty = [one for one in _FILLED if row.fields[one] and not getattr(self.contact, one)]
        for name in empty:
            setattr(self.contact, name, row.fields[name])
        coming = {key: one for key, one in row.addresses.items() if key not in self.addresses}
        self.coming |= coming
        self.addresses |= {key: one.email for key, one in coming.items()}
        is_owned = self.contact.owner_id is None and row.owner in owners
        if is_owned:
            self.contact.owner_id = owners[row.owner]
        is_told = self._fill_own(row, tags) or bool(empty) or is_owned
        self.is_changed = self.is_changed or is_told
        return bool(is_told or coming)

    def _fill_own(self, row: CheckedRow, tags: Mapping[str, UUID]) -> bool:
        own = self.contact
        before = (list(own.tag_ids), dict(own.custom))
        own.tag_ids = list(
            dict.fromkeys([*own.tag_ids, *(tags[fold(one)] for one in row.tags if fold(one))])
        )
        own.custom = {**row.custom, **own.custom}
        return before != (own.tag_ids, own.custom)


@transaction.atomic
def store_rows(
    member: Membership, rows: Sequence[CheckedRow], *, tally: Tally, at: datetime
) -> None:
    """Create or fill in the contacts that these rows mean, and count what became of each row."""
    rows = _without_erased(member.team_id, rows, tally=tally)
    tags = _tags_of(member.team_id, rows)
    owners = _owners_of(member.team_id, rows, tally=tally)
    contacts = _contacts_of(member.team_id, rows)
    batch = _Batch(member, contacts, tags=tags, owners=owners, at=at)
    for row in rows:
        batch.take(row, tally=tally)
    batch.write(tally=tally)


def _without_erased(team_id: UUID, rows: Sequence[CheckedRow], *, tally: Tally) -> list[CheckedRow]:
    """The rows that bring nobody back who was erased: one file of many is no place to confirm that."""
    erased = erased_among(team_id, {key for row in rows for key in row.addresses})
    refused = [row for row in rows if not erased.isdisjoint(row.addresses)]
    tally.refused += [RefusedRow(row.line, _ERASED) for row in refused]
    return [row for row in rows if erased.isdisjoint(row.addresses)]


def _tags_of(team_id: UUID, rows: Sequence[CheckedRow]) -> dict[str, UUID]:
    """The ids of the tags these rows name, by folded name."""
    names = {fold(name): name for row in rows for name in row.tags if fold(name)}
    return {tag.key: tag.pk for tag in find_or_create_tags(team_id, names.values())}


def _owners_of(team_id: UUID, rows: Sequence[CheckedRow], *, tally: Tally) -> dict[str, UUID]:
    """The team-mates whom these rows name as owners, by the key of the address by which they sign in."""
    named = {row.owner for row in rows if row.owner}
    if not named:
        return {}
    mates = Membership.objects.filter(team_id=team_id).select_related("user")
    found = {address_key(one.user.email): one.user_id for one in mates}
    tally.unknown_owners |= named - found.keys()
    return found


def _contacts_of(team_id: UUID, rows: Sequence[CheckedRow]) -> list[Contact]:
    """The contacts that may be meant, locked: nobody's edit is overwritten by what is filled in."""
    keys = {key for row in rows for key in row.addresses}
    names = {row.name_key[0] for row in rows if not row.addresses}
    # Two questions, each with an index of its own; joined by OR they would read the whole table.
    by_address = ContactAddress.objects.filter(team_id=team_id, key__in=keys)
    by_name = Contact.objects.filter(team_id=team_id, sort_key__in=names)
    meant = {
        *by_address.values_list("contact_id", flat=True),
        *by_name.values_list("pk", flat=True),
    }
    contacts = Contact.objects.filter(pk__in=meant).order_by("pk").select_for_update()
    return list(contacts.prefetch_related("addresses"))


class _Batch:
    """The contacts in hand, found by address, or by name and company for rows without one."""

    def __init__(
        self,
        member: Membership,
        contacts: Sequence[Contact],
        *,
        tags: Mapping[str, UUID],
        owners: Mapping[str, UUID],
        at: datetime,
    ) -> None:
        self._tags = tags
        self._owners = owners
        self._member = member
        self._at = at
        self._hands: list[_Hand] = []
        self._by_key: dict[str, _Hand] = {}
        self._by_name: dict[tuple[str, str], _Hand] = {}
        for contact in contacts:
            own = list(contact.addresses.all())
            self._keep(
                _Hand(
                    contact,
                    addresses={one.key: one.address for one in own},
                    has_primary=any(one.is_primary for one in own),
                )
            )

    def _keep(self, hand: _Hand) -> None:
        self._hands.append(hand)
        self._by_key |= dict.fromkeys(hand.addresses, hand)
        names = (fold(hand.contact.name)[:320], fold(hand.contact.company))
        self._by_name.setdefault(names, hand)

    def take(self, row: CheckedRow, *, tally: Tally) -> None:
        """Give a row to the contact that it means."""
        meant = list(dict.fromkeys(filter(None, map(self._by_key.get, row.addresses))))
        if len(meant) > 1:
            names = " and ".join(hand.called for hand in meant)
            tally.refused.append(RefusedRow(row.line, f"Its addresses belong to {names}."))
            return
        hand = meant[0] if meant else None
        if hand is None and not row.addresses:
            hand = self._by_name.get(row.name_key)
        if hand is None:
            self._create(row)
            tally.created += 1
        elif hand.fill(row, tags=self._tags, owners=self._owners):
            self._by_key |= dict.fromkeys(row.addresses, hand)
            tally.updated += 1
        else:
            tally.unchanged += 1

    def _create(self, row: CheckedRow) -> None:
        contact = Contact(
            id=new_id(),
            team_id=self._member.team_id,
            created_by=self._member.user,
            created_at=self._at,
            updated_at=self._at,
        )
        hand = _Hand(contact, is_new=True)
        hand.fill(row, tags=self._tags, owners=self._owners)
        self._keep(hand)

    def write(self, *, tally: Tally) -> None:
        """Write everything; a new contact that turns out to exist by now counts as one that did."""
        claimed = claim_addresses([row for hand in self._hands for row in self._address_rows(hand)])
        touched = [hand for hand in self._hands if hand.is_changed or hand.coming]
        kept = [hand for hand in touched if not _is_beaten(hand, claimed)]
        set_indexes(
            [(hand.contact, list(hand.addresses.values())) for hand in kept],
            team_id=self._member.team_id,
            claims=True,
        )
        for hand in kept:
            hand.contact.updated_at = self._at
        Contact.objects.bulk_create([one.contact for one in kept if one.is_new], batch_size=1000)
        Contact.objects.bulk_update(
            [one.contact for one in kept if not one.is_new],
            [*_FILLED, "owner", "tag_ids", "custom", "employer", "sort_key", "words", "updated_at"],
            batch_size=200,
        )
        tally.created -= len(touched) - len(kept)
        tally.unchanged += len(touched) - len(kept)
        tally.gained |= {hand.contact.pk for hand in kept if hand.coming}

    def _address_rows(self, hand: _Hand) -> list[ContactAddress]:
        return [
            ContactAddress(
                contact_id=hand.contact.pk,
                team_id=self._member.team_id,
                address=one.email,
                key=key,
                is_primary=place == 0 and not hand.has_primary,
                created_at=self._at,
            )
            for place, (key, one) in enumerate(hand.coming.items())
        ]


def _is_beaten(hand: _Hand, claimed: dict[str, UUID]) -> bool:
    """Whether somebody else gave all addresses of a new contact to another one while we read."""
    theirs = [claimed.get(key) for key in hand.coming]
    return hand.is_new and bool(theirs) and hand.contact.pk not in theirs
