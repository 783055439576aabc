"""What one viewer sees of one copy, written down as SQL at once.

A page asks it sixty times. Put together from Django's own conditions it is a dozen nodes each time, and to build and
compile those takes longer than PostgreSQL takes to answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, Func
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
_OF_COPY = {"box": "mailbox_id", "shared_as": "shared_as", "shared_with": "shared_with"}


@dataclass(frozen=True, slots=True)
class Sql:
    """A piece of SQL over a copy's columns `{box}`, `{shared_as}` and `{shared_with}`, and the values it takes."""

    text: str
    values: tuple[object, ...]

    def of(self, copy: str) -> str:
        """Return the text about the copy that a query calls by this name."""
        columns = {name: f"{copy}.{column}" for name, column in _OF_COPY.items()}
        return self.text.format(**columns)


def is_seen(reach: Reach, *, level: Sharing) -> Sql:
    """Return the condition "the viewer, and whom they look as, sees this copy at `level` or more"."""
    values = (*_in_full(reach), reach.at_least(level), _others(reach), int(level))
    seen = Sql(_IS_SEEN, values)
    if reach.narrowed_to is None:
        return seen
    both = is_seen(reach.narrowed_to, level=level)
    return Sql(f"({seen.text} AND {both.text})", seen.values + both.values)


def level_seen(reach: Reach) -> Sql:
    """Return the level at which the viewer, and whom they look as, sees this copy."""
    by_mailbox = [reach.at_least(one) for one in (Sharing.FULL, Sharing.SUBJECT, Sharing.METADATA)]
    level = Sql(_LEVEL, (*_in_full(reach), _others(reach), *by_mailbox))
    if reach.narrowed_to is None:
        return level
    both = level_seen(reach.narrowed_to)
    return Sql(f"least({level.text}, {both.text})", level.values + both.values)


class Written(Func):
    """SQL that stands as it is written; `{name}` in it is the column that `columns` gives to that name."""

    def __init__(
        self,
        text: str,
        values: tuple[object, ...],
        output_field: Field[Any, Any],
        **columns: str,
    ) -> None:
        super().__init__(*columns.values(), output_field=output_field)
        self.text, self.values, self.names = text, values, tuple(columns)

    @classmethod
    def about_copy(cls, sql: Sql, output_field: Field[Any, Any]) -> Written:
        """Return an expression over the rows of a queryset of copies."""
        return cls(sql.text, sql.values, output_field, **_OF_COPY)

    def as_sql(  # type: ignore[override]  # narrower: it is always written the same way
        self, compiler: SQLCompiler, _connection: BaseDatabaseWrapper, **_: Any
    ) -> tuple[str, list[Any]]:
        columns = [compiler.compile(column)[0] for column in self.get_source_expressions()]
        return self.text.format(**dict(zip(self.names, columns, strict=True))), list(self.values)


def _in_full(reach: Reach) -> tuple[object, ...]:
    return (sorted(reach.own), sorted(reach.let_in), _others(reach), reach.user_id)


def _others(reach: Reach) -> list[UUID]:
    return sorted(reach.mailboxes - reach.own)
