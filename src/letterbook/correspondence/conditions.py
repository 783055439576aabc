"""Conditions on messages by the copies of them: who may know of one, how much of it, and who is in its Bcc.

Every question of access is answered from here, and in no other way.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.postgres.aggregates import JSONBAgg
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, Func, IntegerField, Max, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce, Least

from letterbook.correspondence.access import Reach
from letterbook.correspondence.copies import MailboxMessage
from letterbook.correspondence.copy_conditions import IsSeen, LevelSeen
from letterbook.mailboxes.models import Sharing

# Somebody in Bcc, in the JSON of a copy.
BlindPerson = dict[str, str]


def is_reachable(reach: Reach, *, level: Sharing, message_ref: str) -> Exists:
    """Return the condition "a mailbox that shares at `level` or more holds the message `message_ref` points to"."""
    return Exists(
        MailboxMessage.objects.filter(
            seen_copies(reach, level=level), message=OuterRef(message_ref)
        )
    )


def seen_copies(reach: Reach, *, level: Sharing) -> Q:
    """Return the condition on a copy "the viewer sees this one at `level` or more"."""
    condition = Q(IsSeen.of(reach, level=level))
    both = reach.narrowed_to
    return condition if both is None else condition & seen_copies(both, level=level)


def access_level(reach: Reach, *, message_ref: str) -> Coalesce:
    """Return the expression for the widest level at which `message_ref` is held."""
    widest = (
        MailboxMessage.objects.filter(message=OuterRef(message_ref))
        .values("message")
        .annotate(widest=Max(_level_of_copy(reach)))
        .values("widest")
    )
    return Coalesce(Subquery(widest, output_field=IntegerField()), Value(0))


def _level_of_copy(reach: Reach) -> LevelSeen | Least:
    level = LevelSeen.of(reach)
    return level if reach.narrowed_to is None else Least(level, _level_of_copy(reach.narrowed_to))


def bcc_seen(reach: Reach, *, message_ref: str) -> Subquery:
    """Return the expression for who is in Bcc of `message_ref`, as the copies say that the viewer may read."""
    telling = MailboxMessage.objects.filter(
        seen_copies(reach, level=Sharing.FULL), message=OuterRef(message_ref), bcc__isnull=False
    )
    together = telling.order_by().values("message").annotate(all=JSONBAgg("bcc")).values("all")
    return Subquery(together, output_field=models.JSONField())


def tells_bcc(reach: Reach, keys: Sequence[str], *, message_ref: str, bcc_ref: str) -> Exists:
    """Return the condition "a copy the viewer may read names one of `keys` in Bcc, or all of `bcc_ref`"."""
    telling = MailboxMessage.objects.filter(
        seen_copies(reach, level=Sharing.FULL), message=OuterRef(message_ref), bcc__isnull=False
    )
    named = Q(named__overlap=list(keys)) | Q(named__contains=OuterRef(bcc_ref))
    return Exists(telling.alias(named=_KeysIn("bcc")).filter(named))


def tells_bcc_key(reach: Reach, *, message_ref: str, key_ref: str) -> Exists:
    """Return the condition "a copy the viewer may read names the address key in `key_ref` in Bcc"."""
    telling = MailboxMessage.objects.filter(
        seen_copies(reach, level=Sharing.FULL), message=OuterRef(message_ref), bcc__isnull=False
    )
    named = Q(named__contains=[OuterRef(key_ref)])
    return Exists(telling.alias(named=_KeysIn("bcc")).filter(named))


class _KeysIn(Func):
    template = "ARRAY(SELECT person->>'key' FROM jsonb_array_elements(%(expressions)s) person)"
    output_field = ArrayField(models.TextField())


def bcc_of(row: models.Model) -> tuple[BlindPerson, ...]:
    """Return who is in Bcc as far as the viewer may know, of a row that was loaded on their behalf; each once."""
    copies: list[list[BlindPerson]] = row.__dict__["viewer_bcc"] or []
    return tuple({one["address"].lower(): one for copy in copies for one in copy}.values())
