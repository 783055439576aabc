"""Finding emails by an index that PostgreSQL does not use behind the second wall (decision 0015): ids first."""

from __future__ import annotations

from functools import reduce
from operator import or_

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import BooleanField, Q, TextField
from django.db.models.functions import Cast

from letterbook.correspondence.copy_conditions import Written
from letterbook.correspondence.models import MessageQuerySet
from letterbook.teams.second_wall import on_the_teams_behalf


def is_one_of(*found: MessageQuerySet) -> Q:
    """Return the condition on an email "one of these": each is what `visible_to` gave, narrowed by addresses or words.

    They are found under the first wall alone; whoever counts or reads them does so behind both.
    """
    return reduce(or_, (Q(_is_among(_ids_of(emails))) for emails in found))


def _is_among(ids: str) -> Written:
    return Written("{id} = ANY (%s::uuid[])", (ids,), BooleanField(), id="pk")


@on_the_teams_behalf()
def _ids_of(emails: MessageQuerySet) -> str:
    """As PostgreSQL writes an array: of a common domain they are by the hundred thousand."""
    ids: str | None = emails.aggregate(ids=Cast(ArrayAgg("pk"), TextField()))["ids"]
    return ids or "{}"
