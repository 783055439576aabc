"""Conditions on messages by the copies of them: who may know of one, how much of it, and who is in its Bcc.

Every question of access is answered from here, and in no other way.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import models
from django.db.models import BooleanField, IntegerField, JSONField, Q

from letterbook.correspondence.access import Reach
from letterbook.correspondence.copy_conditions import Written, is_seen, level_seen
from letterbook.mailboxes.models import Sharing

# Somebody in Bcc, in the JSON of a copy.
BlindPerson = dict[str, str]

_COPIES_OF = "FROM correspondence_mailboxmessage copy WHERE copy.message_id = "
_COPIES = f"{_COPIES_OF}{{message}}"
_BLIND_KEYS = "ARRAY(SELECT person->>'key' FROM jsonb_array_elements(copy.bcc) person)"


def is_reachable(reach: Reach, *, level: Sharing, message_ref: str) -> Written:
    """Return the condition "a mailbox that shares at `level` or more holds the message `message_ref` points to"."""
    return Written(*is_held(reach, level=level, of="message"), BooleanField(), message=message_ref)


def is_held(reach: Reach, *, level: Sharing, of: str) -> tuple[str, tuple[object, ...]]:
    """Return the same condition as text and its values, as part of a longer one; the message is the column `{of}`."""
    seen = is_seen(reach, level=level)
    return f"EXISTS (SELECT {_COPIES_OF}{{{of}}} AND {seen.of('copy')})", seen.values


def seen_copies(reach: Reach, *, level: Sharing) -> Q:
    """Return the condition on a copy "the viewer sees this one at `level` or more"."""
    return Q(Written.about_copy(is_seen(reach, level=level), BooleanField()))


def access_level(reach: Reach, *, message_ref: str) -> Written:
    """Return the expression for the widest level at which `message_ref` is held."""
    level = level_seen(reach)
    text = f"coalesce((SELECT max({level.of('copy')}) {_COPIES}), 0)"
    return Written(text, level.values, IntegerField(), message=message_ref)


def is_reachable_one_by_one(reach: Reach, *, level: Sharing, message_ref: str) -> Written:
    """Return the same as `is_reachable`, for pages: so that each row is asked in turn until the page is full.

    Left to itself, PostgreSQL may gather all the mail the viewer can see first. Of "is not null" it also expects that
    most rows are so, as they are, and reads them in the order they are wanted in.
    """
    text, values = is_held_one_by_one(reach, level=level, of="message")
    return Written(text, values, BooleanField(), message=message_ref)


def is_held_one_by_one(reach: Reach, *, level: Sharing, of: str) -> tuple[str, tuple[object, ...]]:
    """Return the same condition as text and its values, as `is_held` does."""
    seen = is_seen(reach, level=level)
    text = f"(SELECT true {_COPIES_OF}{{{of}}} AND {seen.of('copy')} LIMIT 1) IS NOT NULL"
    return text, seen.values


def bcc_seen(reach: Reach, *, message_ref: str) -> Written:
    """Return the expression for who is in Bcc of `message_ref`, as the copies say that the viewer may read."""
    seen = is_seen(reach, level=Sharing.FULL)
    text = f"(SELECT jsonb_agg(copy.bcc) {_COPIES} AND copy.bcc IS NOT NULL AND {seen.of('copy')})"
    return Written(text, seen.values, JSONField(), message=message_ref)


def tells_bcc(reach: Reach, keys: Sequence[str], *, message_ref: str, bcc_ref: str) -> Written:
    """Return the condition "a copy the viewer may read names one of `keys` in Bcc, or all of `bcc_ref`"."""
    named = f"({_BLIND_KEYS} && %s::text[] OR {_BLIND_KEYS} @> {{bcc}})"
    return _telling(reach, named, [list(keys)], message=message_ref, bcc=bcc_ref)


def tells_bcc_key(reach: Reach, *, message_ref: str, key_ref: str) -> Written:
    """Return the condition "a copy the viewer may read names the address key in `key_ref` in Bcc"."""
    named = f"{_BLIND_KEYS} @> ARRAY[{{key}}]::text[]"
    return _telling(reach, named, [], message=message_ref, key=key_ref)


def _telling(reach: Reach, named: str, values: Sequence[object], **columns: str) -> Written:
    seen = is_seen(reach, level=Sharing.FULL)
    text = f"EXISTS (SELECT {_COPIES} AND copy.bcc IS NOT NULL AND {seen.of('copy')} AND {named})"
    return Written(text, (*seen.values, *values), BooleanField(), **columns)


def bcc_of(row: models.Model) -> tuple[BlindPerson, ...]:
    """Return who is in Bcc as far as the viewer may know, of a row that was loaded on their behalf; each once."""
    copies: list[list[BlindPerson]] = row.__dict__["viewer_bcc"] or []
    return tuple({one["address"].lower(): one for copy in copies for one in copy}.values())
