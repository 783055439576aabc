"""Finding emails by an index that PostgreSQL does not use behind the second wall (decision 0015): ids first."""

from __future__ import annotations

from uuid import UUID

from django.db.models import BooleanField

from letterbook.correspondence.arrays import id_array
from letterbook.correspondence.copy_conditions import Written
from letterbook.correspondence.models import MessageQuerySet
from letterbook.teams.second_wall import on_the_teams_behalf


def is_one_of(*found: MessageQuerySet) -> Written:
    """Return the condition on an email "one of these": each is what `visible_to` gave, narrowed by addresses or words.

    They are found under the first wall alone; whoever counts or reads them does so behind both.
    """
    ids = {pk.hex for emails in found for pk in _ids_of(emails)}
    return Written("{id} = ANY (%s::uuid[])", (id_array(sorted(ids)),), BooleanField(), id="pk")


@on_the_teams_behalf()
def _ids_of(emails: MessageQuerySet) -> list[UUID]:
    return list(emails.order_by().values_list("pk", flat=True))
