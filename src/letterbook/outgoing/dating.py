"""What leaves on another day than it was queued for carries the date of the day on which it leaves."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from django.db.models import F

from letterbook.outgoing.freezing import freeze
from letterbook.outgoing.models import FrozenEmail, OutgoingEmail
from letterbook.outgoing.scheduling import remove_draft_soon

# Within it the same bytes may go again, and the draft that may be at Gmail already is used.
_STILL_TRUE = timedelta(minutes=5)
# Ours always has one, and nothing but other headers of ours is before it.
_DATE = re.compile(rb"^Date: ([^\r\n]+)\r$", re.MULTILINE)


def date_anew(email: OutgoingEmail, *, date: datetime, at: datetime) -> None:
    """Freeze the bytes again with this date and under a new key; only for what was surely not sent."""
    for frozen in email.frozen.exclude(draft_id="").only("id"):
        remove_draft_soon(frozen.pk)
    if email.attempts.filter(number=email.attempt).exists():
        # A worker that slept past its lease must not submit the bytes of before.
        OutgoingEmail.objects.filter(pk=email.pk).update(attempt=F("attempt") + 1)
    freeze(email, date=date, at=at)


def date_anew_when_old(email: OutgoingEmail, *, at: datetime) -> None:
    """Do that to what goes again after minutes or days; what may have been sent keeps its bytes and its key."""
    newest = email.frozen.order_by("-round")[0]
    if not is_in_doubt(email) and at - _date_of(newest) > _STILL_TRUE:
        date_anew(email, date=at, at=at)


def is_in_doubt(email: OutgoingEmail) -> bool:
    """Return whether any of its bytes may have been sent."""
    return email.frozen.filter(submitted_at__isnull=False).exists()


def _date_of(frozen: FrozenEmail) -> datetime:
    found = _DATE.search(bytes(frozen.raw))
    return parsedate_to_datetime(found[1].decode("ascii")) if found else frozen.frozen_at
