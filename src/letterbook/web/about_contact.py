"""What stands beside a contact's timeline: when they were last in touch, what is open, who knows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.timezone import localdate

from letterbook.contacts.models import Contact
from letterbook.correspondence.later_facts import addresses_that_bounced
from letterbook.outgoing.unsubscriptions import unsubscribed_at
from letterbook.teams.models import Membership
from letterbook.timeline.exchanged import files_with
from letterbook.timeline.open_threads import OpenThread, open_threads
from letterbook.timeline.relationship import Acquaintance, relationship_with
from letterbook.timeline.to_do import open_tasks
from letterbook.web.file_links import file_url
from letterbook.web.jumps import jumps
from letterbook.web.sharing_control import control_of_contact
from letterbook.web.unsent import next_email
from letterbook.web.who_is_who import WhoIsWho, capitalised, first_name


@dataclass(frozen=True, slots=True)
class Known:
    """A team-mate who wrote with a contact."""

    name: str
    face: str
    emails: int


def about_contact(
    member: Membership, contact: Contact, who: WhoIsWho, *, at: datetime
) -> dict[str, Any]:
    """Return what the templates beside a contact's timeline need, all of it as far as this member may see."""
    relationship = relationship_with(member, contact)
    known = [_known(one, who) for one in relationship.acquaintances]
    known.sort(key=lambda one: -one.emails)
    addresses = sorted(contact.addresses.all(), key=lambda one: (not one.is_primary, one.pk))
    first = first_name(str(contact))
    return {
        "last": relationship,
        "acquaintances": known,
        "most_emails": max((one.emails for one in known), default=0),
        "known_since": min((one.first_at for one in relationship.acquaintances), default=None),
        "addresses": addresses,
        "first_name": first,
        "bounced": addresses_that_bounced(member, [one.address for one in addresses]),
        "unsubscribed": unsubscribed_at(member, [one.key for one in addresses]),
        "threads": [
            {"thread": one, "owed": _owed(one, first)}
            for one in open_threads(member, contact, at=at)
        ],
        "tasks": open_tasks(member, contact),
        "today": localdate(at),
        "jumps": jumps(relationship.first_at, at=at),
        "next_email": next_email(member, contact),
        "sharing": control_of_contact(member, contact),
        "exchanged": [
            {"file": one, "url": file_url(one.message_id, one.file)}
            for one in files_with(member, contact)
        ],
    }


def _known(one: Acquaintance, who: WhoIsWho) -> Known:
    return Known(
        capitalised(who.team_mate(one.user)), str(one.user), one.emails_in + one.emails_out
    )


def _owed(thread: OpenThread, first: str) -> str:
    if not thread.is_ours_to_answer:
        return f"Waiting for {first}"
    return "Waiting for you" if thread.is_mine else "Waiting for us"
