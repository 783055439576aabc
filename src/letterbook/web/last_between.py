"""What the team and the person written to last had to say to each other."""

from __future__ import annotations

from typing import Any

from letterbook.contacts.models import ContactAddress
from letterbook.mime.addresses import read_addresses
from letterbook.teams.models import Membership
from letterbook.timeline.reading import read_timeline
from letterbook.web.timeline_lines import show_line
from letterbook.web.who_is_who import who_is_who

LINES = 3


def last_between(member: Membership, to: str) -> dict[str, Any]:
    """Return the newest lines of the history of the first contact among those written to, or nothing."""
    keys = [address.key for address in read_addresses(to)]
    rows = ContactAddress.objects.visible_to(member).filter(key__in=keys).select_related("contact")
    found = min(rows, key=lambda row: keys.index(row.key), default=None)
    if found is None:
        return {}
    page = read_timeline(member, found.contact, limit=LINES)
    who = who_is_who(member)
    entries = [show_line(line, who, contact_id=found.contact_id) for line in page.lines]
    return {"addressed": found.contact, "between": entries}
