"""What is known of a contact besides their history: company, owner, tags, the team's own fields, their clock."""

from __future__ import annotations

from dataclasses import dataclass

from letterbook.contacts.models import Contact
from letterbook.contacts.own_fields import FieldKind
from letterbook.contacts.own_values import fields_of_team
from letterbook.contacts.tagging import tags_by_contact
from letterbook.teams.models import Membership
from letterbook.teams.people import people_of


@dataclass(frozen=True, slots=True)
class OwnValue:
    """A value of one of the team's own fields."""

    name: str
    text: str
    is_link: bool


def known_of(member: Membership, contact: Contact) -> dict[str, object]:
    """Return what the template of a contact's details shows."""
    values = [
        OwnValue(field.name, text, field.kind == FieldKind.LINK)
        for field in fields_of_team(member.team_id)
        if (text := contact.custom.get(str(field.pk), ""))
    ]
    return {
        "tags": tags_by_contact(member, [contact])[contact.pk],
        "own_values": values,
        "owners": people_of(member),
    }
