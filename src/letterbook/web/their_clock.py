"""What time it is where somebody writes from, as their card or their own mail tells."""

from __future__ import annotations

from datetime import timezone, tzinfo
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

from letterbook.contacts.models import Contact
from letterbook.correspondence.downloading import download_source
from letterbook.correspondence.models import Direction
from letterbook.kit.refusals import NotFound
from letterbook.mime.parsing import read_headers
from letterbook.teams.models import Membership
from letterbook.timeline.models import Activity


def clock_of(member: Membership, contact: Contact) -> tzinfo | None:
    """Return a contact's clock: the time zone of their card, else as far from UTC as their newest email says.

    Only a time zone knows when its clocks change. None where neither tells. In an email UTC itself says nothing: it is
    what servers write.
    """
    if contact.time_zone:
        return ZoneInfo(contact.time_zone)
    newest = (
        Activity.objects.visible_to(member)
        .filter(contact=contact, direction=Direction.INCOMING, message__source__isnull=False)
        .order_by("-occurred_at", "-id")
        .values_list("message_id", flat=True)
        .first()
    )
    if newest is None:
        return None
    try:
        source = download_source(member, newest, how=None)
    except NotFound:
        return None
    return _clock_in(source)


def _clock_in(source: bytes) -> tzinfo | None:
    dates = [value for name, value in read_headers(source) if name.lower() == "date"]
    try:
        offset = parsedate_to_datetime(dates[0]).utcoffset() if dates else None
    except (ValueError, OverflowError, TypeError):
        return None
    return timezone(offset) if offset else None
