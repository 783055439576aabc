"""What one viewer sees of one copy, written down as SQL at once.

A page asks it sixty times. Put together from Django's own conditions it is a dozen nodes each time, and to build and
compile those takes longer than PostgreSQL takes to answer.
"""

from __future__ import annotations

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, Func, IntegerField
from django.db.models.sql.compiler import SQLCompiler

from letterbook.correspondence.access import Reach
from letterbook.mailboxes.models import Sharing

# True or false, never unknown: the opposite is asked for, too ("which of these may I not read").
_IN_FULL = """
    {box} = ANY (%s::uuid[])
    OR ({box} = ANY (%s::uuid[]) AND coalesce({shared_as}, 0) > 0)
    OR ({box} = ANY (%s::uuid[]) AND coalesce({shared_with} @> ARRAY[%s::uuid], false))
"""
_IS_SEEN = f"""({_IN_FULL}
    OR ({{box}} = ANY (%s::uuid[]) AND {{shared_as}} IS NULL)
    OR ({{box}} = ANY (%s::uuid[]) AND coalesce({{shared_as}}, -1) >= %s)
)"""
_LEVEL = f"""(CASE WHEN {_IN_FULL} THEN 3
    WHEN {{box}} = ANY (%s::uuid[]) AND {{shared_as}} IS NOT NULL THEN {{shared_as}}
    WHEN {{box}} = ANY (%s::uuid[]) THEN 3
    WHEN {{box}} = ANY (%s::uuid[]) THEN 2
    WHEN {{box}} = ANY (%s::uuid[]) THEN 1
    ELSE 0 END)"""


class _OfCopy(Func):
    """An expression over the three columns of a copy that decide who sees it."""

    written: str

    def __init__(self, *values: object, **extra: Any) -> None:  # what Django passes when it copies
        super().__init__("mailbox_id", "shared_as", "shared_with", **extra)
        self.values = values

    def as_sql(  # type: ignore[override]  # narrower: it is always written the same way
        self, compiler: SQLCompiler, _connection: BaseDatabaseWrapper, **_: Any
    ) -> tuple[str, list[Any]]:
        box, shared_as, shared_with = (
            compiler.compile(column)[0] for column in self.get_source_expressions()
        )
        sql = self.written.format(box=box, shared_as=shared_as, shared_with=shared_with)
        return sql, [list(one) if isinstance(one, tuple) else one for one in self.values]


class IsSeen(_OfCopy):
    """The condition on a copy "the viewer sees this one at `level` or more", but for whom they look as."""

    written = _IS_SEEN
    output_field = BooleanField()
    conditional = True

    @classmethod
    def of(cls, reach: Reach, *, level: Sharing) -> IsSeen:
        """Return it for what this viewer sees."""
        others = _others(reach)
        return cls(*_in_full(reach), _at_least(reach, level), others, int(level))


class LevelSeen(_OfCopy):
    """The level at which the viewer sees a copy, but for whom they look as."""

    written = _LEVEL
    output_field = IntegerField()

    @classmethod
    def of(cls, reach: Reach) -> LevelSeen:
        """Return it for what this viewer sees."""
        by_mailbox = (
            _at_least(reach, level) for level in (Sharing.FULL, Sharing.SUBJECT, Sharing.METADATA)
        )
        return cls(*_in_full(reach), _others(reach), *by_mailbox)


def _in_full(reach: Reach) -> tuple[object, ...]:
    return (tuple(sorted(reach.own)), tuple(sorted(reach.let_in)), _others(reach), reach.user_id)


def _others(reach: Reach) -> tuple[object, ...]:
    return tuple(sorted(reach.mailboxes - reach.own))


def _at_least(reach: Reach, level: Sharing) -> tuple[object, ...]:
    return tuple(reach.at_least(level))
