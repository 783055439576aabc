"""How people are called on a page: "you", team-mates by their first name, everyone else as their email names them."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from letterbook.correspondence.showing import PersonOnIt
from letterbook.mailboxes.of_team import mailboxes_of_team
from letterbook.mailboxes.own_addresses import aliases_of_team
from letterbook.mime.addresses import address_key
from letterbook.teams.asked_once import asked_once
from letterbook.teams.models import Membership, User

MOST_NAMED = 4


@dataclass(frozen=True, slots=True)
class WhoIsWho:
    """The viewer, and whose each of the team's own addresses is."""

    viewer_id: UUID
    owners: dict[str, User]

    def owner_of(self, address: str) -> User | None:
        """Return the team-mate whose address this is, or None."""
        return self.owners.get(address_key(address))

    def is_team(self, address: str) -> bool:
        """Whether the address is one of the team's own."""
        return self.owner_of(address) is not None

    def short(self, name: str, address: str) -> str:
        """Return "you", a first name, or what else tells somebody apart in a line of names."""
        owner = self.owner_of(address)
        if owner is not None:
            return self.team_mate(owner)
        return first_name(shown_name(name, address))

    def full(self, name: str, address: str) -> str:
        """Return the whole name as a heading."""
        owner = self.owner_of(address)
        return str(owner) if owner is not None else shown_name(name, address)

    def team_mate(self, user: User | None) -> str:
        """Return "you" or the team-mate's first name."""
        if user is None:
            return "someone who left"
        return "you" if user.pk == self.viewer_id else str(user).split()[0]

    def names(self, people: list[PersonOnIt]) -> str:
        """Return short names, and how many more there are."""
        short = list(dict.fromkeys(self.short(one.name, one.address) for one in people))
        more = len(short) - MOST_NAMED
        return ", ".join(short[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


@asked_once
def who_is_who(member: Membership) -> WhoIsWho:
    """Return how this member's team and everyone they write with are called."""
    boxes = mailboxes_of_team(member)
    users = {box.owner_id: box.owner for box in boxes}
    users[member.user_id] = member.user
    own = aliases_of_team(member.team_id) | {box.address_key: box.owner_id for box in boxes}
    owners = {key: users[user_id] for key, user_id in own.items() if user_id in users}
    return WhoIsWho(member.user_id, owners)


def shown_name(name: str, address: str) -> str:
    """Return a name as its email claims it; one that looks like an address is no name (it could be another's)."""
    return address if not name.strip() or "@" in name else name.strip()


def first_name(name: str) -> str:
    """Return the first of two words; a name of another shape may be anything, and stays whole."""
    words = name.split()
    return words[0] if len(words) == 2 and not words[0].endswith(",") else name


def capitalised(text: str) -> str:
    """Return the text as the beginning of a sentence."""
    return text[:1].upper() + text[1:]
