"""What leaves carries the date on which it leaves, however long it was held back: paused, over a limit, tried again.

Its frozen bytes get another Date, Message-ID and send key, in place, when its turn has come and it is certain that
neither a submission nor a draft at the provider has the bytes of before.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

from django.db import transaction

from letterbook.correspondence.sharing.keeping_private import keep_under_another_key
from letterbook.outgoing.claiming import Claim, take_step
from letterbook.outgoing.models import FrozenEmail, Step

# Within it the same bytes may go again, and the draft that may be at Gmail already is used.
_STILL_TRUE = timedelta(minutes=5)
# Ours always has one, and nothing but other headers of ours is before it.
_DATE = re.compile(rb"^Date: ([^\r\n]+)\r$", re.MULTILINE)
_END_OF_HEADERS = b"\r\n\r\n"


def is_dated_wrongly(frozen: FrozenEmail, *, at: datetime) -> bool:
    """Return whether these bytes say that they were written at another time than now."""
    return abs(at - _date_of(frozen)) > _STILL_TRUE


def date_anew(claim: Claim, *, at: datetime) -> None:
    """Give the bytes that this attempt holds the date of now and a new key, or raise `Superseded`.

    Only for what was never submitted and of which no draft is left. A worker that slept meanwhile holds the bytes of
    before: what it stores under their key is never submitted, for its attempt is not the one that holds the email.
    """
    key = uuid.uuid4()
    raw = _redated(claim.frozen, key=key, date=at)
    with transaction.atomic():
        take_step(
            claim,
            Step.DRAFTING,
            at=at,
            raw=raw,
            sha256=hashlib.sha256(raw).digest(),
            send_key=key,
            message_id=claim.frozen.message_id.replace(claim.frozen.send_key.hex, key.hex),
            draft_id="",
            draft_message_id="",
            cursor_before="",
        )
        # The email's row is held since the step: whoever makes it private meanwhile finds the new key.
        keep_under_another_key(claim.email.pk, key)


def _redated(frozen: FrozenEmail, *, key: uuid.UUID, date: datetime) -> bytes:
    """Return the bytes with another date and key; what was written stays as it was when it was queued."""
    headers, end, content = bytes(frozen.raw).partition(_END_OF_HEADERS)
    headers = _DATE.sub(f"Date: {format_datetime(date)}\r".encode("ascii"), headers, count=1)
    for old, new in ((frozen.send_key.hex, key.hex), (str(frozen.send_key), str(key))):
        headers = headers.replace(old.encode("ascii"), new.encode("ascii"))
    return headers + end + content


def _date_of(frozen: FrozenEmail) -> datetime:
    found = _DATE.search(frozen.raw)
    return parsedate_to_datetime(found[1].decode("ascii")) if found else frozen.frozen_at
