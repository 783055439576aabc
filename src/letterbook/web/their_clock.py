"""What time it is where somebody writes from, as their card or their own mail tells."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

from letterbook.contacts.models import Contact
from letterbook.correspondence.downloading import download_source
from letterbook.correspondence.models import Direction
from letterbook.kit.refusals import NotFound
from letterbook.mime.parsing import read_headers
from letterbook.teams.models import Membership
from letterbook.timeline.models import Activity


def offset_of(member: Membership, contact: Contact, *, at: datetime) -> timedelta | None:
    """Return how far from UTC a contact's clock is: in the time zone of their card, else as their newest email says.

    None where neither tells. In an email UTC itself says nothing: it is what servers write.
    """
    if contact.time_zone:
        return at.astimezone(ZoneInfo(contact.time_zone)).utcoffset()
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
    return _offset_in(source)


def _offset_in(source: bytes) -> timedelta | None:
    dates = [value for name, value in read_headers(source) if name.lower() == "date"]
    try:
        offset = parsedate_to_datetime(dates[0]).utcoffset() if dates else None
    except (ValueError, OverflowError, TypeError):
        return None
    return offset or None
