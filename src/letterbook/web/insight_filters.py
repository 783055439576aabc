"""What the insights page is narrowed to: whose email, or one mailbox, and one contact."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from django.http import QueryDict

from letterbook.contacts.models import Contact
from letterbook.insights.asked_about import About
from letterbook.mailboxes.models import Mailbox
from letterbook.teams.models import Membership
from letterbook.teams.people import people_of
from letterbook.web.choices import Choice

PERIODS = {"4": "4 weeks", "12": "3 months", "26": "6 months", "52": "1 year"}
_USUAL_PERIOD = "12"


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What the address asks for and what else can be chosen; what makes no sense narrows nothing.

    The choices are said as "person ID" and "mailbox ID"; nothing is the whole team.
    """

    weeks: int
    about: About
    people: list[Choice]
    mailboxes: list[Choice]

    @property
    def query(self) -> str:
        """The same without the weeks, as the end of an address."""
        contact = self.about.contact
        chosen = next((one.value for one in [*self.people, *self.mailboxes] if one.is_chosen), "")
        asked = {"of": chosen, "contact": str(contact.pk) if contact else ""}
        return "".join(f"&{urlencode({name: value})}" for name, value in asked.items() if value)


def read_narrowed(member: Membership, query: QueryDict) -> Narrowed:
    """Return what an address asks for, among this team's people, mailboxes and contacts."""
    of = query.get("of", "")
    users = {f"person {user.pk}": user for user in people_of(member)}
    visible = Mailbox.objects.visible_to(member).order_by("address_key")
    mailboxes = {f"mailbox {one.pk}": one for one in visible}
    period = query.get("weeks", "")
    return Narrowed(
        weeks=int(period if period in PERIODS else _USUAL_PERIOD),
        about=About(_contact(member, query.get("contact", "")), users.get(of), mailboxes.get(of)),
        people=[Choice(value, str(user), value == of) for value, user in users.items()],
        mailboxes=[Choice(value, box.address, value == of) for value, box in mailboxes.items()],
    )


def _contact(member: Membership, text: str) -> Contact | None:
    try:
        contact_id = UUID(text)
    except ValueError:
        return None
    return Contact.objects.visible_to(member).filter(pk=contact_id).first()
