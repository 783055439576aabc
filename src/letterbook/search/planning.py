"""The order of work for a question: in the order of time for common words, from the text index for rare ones.

Left alone, PostgreSQL guesses how many emails have a word that is not among its thousand best known, and walks a team's
whole history for a word that is in three of them: a second instead of a millisecond. Asked from the text index, a word
that is in half of all emails takes as long. So a common word is looked for among the newest emails first, where it will
be found soon; everything else goes through the text index.
"""

from __future__ import annotations

import json

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Q
from django.db.models.expressions import RawSQL

from letterbook.correspondence.access import Reach, reach_of
from letterbook.correspondence.models import Message, MessageQuerySet, access_level
from letterbook.kit.cursors import Position
from letterbook.search.language import Question
from letterbook.search.matching import NotByIndex, is_found, matches_words, words_asked
from letterbook.teams.models import Membership
from letterbook.teams.second_wall import on_the_teams_behalf

# A word in one of a hundred emails is common: a page of it is among the newest few thousand.
COMMON = 0.01
# Below this many, the text index is quick whatever share of all emails they are.
FEW = 2_000
NEWEST = 5_000

_FROM_THE_TEXT_INDEX = """
    WITH hit AS MATERIALIZED ({hits})
    SELECT hit.occurred_at, permitted.id FROM (SELECT * FROM hit ORDER BY occurred_at DESC, id DESC OFFSET 0) hit
    CROSS JOIN LATERAL ({permitted}) permitted
    ORDER BY hit.occurred_at DESC, hit.id DESC LIMIT %s
"""


@on_the_teams_behalf()
def newest_matches(
    member: Membership, question: Question, *, period: Q, after: Position | None, count: int
) -> list[Position]:
    """Return the places of the newest emails that answer a question and that this member may find by it.

    Behind the second wall PostgreSQL would not use the text index: it looks at nothing in a row, not even by index,
    before it knows that the row may be seen. So ids are found before it; whoever reads their emails does so behind it.
    """
    reach = reach_of(member)
    candidates = Message.objects.filter(period, is_older(after), team_id=member.team_id)
    words = words_asked(question)
    if not words:
        return _in_order_of_time(candidates, question, reach=reach, count=count)
    if is_common(words):
        newest = candidates.filter(_is_among_newest(candidates)).filter(
            NotByIndex(matches_words(words))
        )
        found = _in_order_of_time(newest, question, reach=reach, count=count)
        if len(found) == count:
            return found
    return _from_the_text_index(candidates, words, question, reach=reach, count=count)


def is_common(words: str) -> bool:
    """Return whether a tsquery matches so many emails that they are found soonest in the order of time."""
    matching = Message.objects.filter(matches_words(words)).order_by().values("pk")
    [plan] = json.loads(matching.explain(format="json"))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT reltuples FROM pg_class WHERE oid = 'correspondence_message'::regclass"
        )
        [total] = cursor.fetchone() or (0,)
    return bool(plan["Plan"]["Plan Rows"] >= max(FEW, COMMON * total))


def is_older(after: Position | None) -> Q:
    """Return the condition "further down than this place" of a list that is newest first."""
    if after is None:
        return Q()
    return Q(Q(occurred_at__lt=after.at) | Q(pk__lt=after.id), occurred_at__lte=after.at)


def _is_among_newest(candidates: MessageQuerySet) -> Q:
    times = candidates.order_by("-occurred_at", "-id").values_list("occurred_at", flat=True)
    oldest = times[NEWEST : NEWEST + 1].first()
    return Q(occurred_at__gte=oldest) if oldest else Q()


def _in_order_of_time(
    candidates: MessageQuerySet, question: Question, *, reach: Reach, count: int
) -> list[Position]:
    found = _permitted(candidates, question, reach=reach).order_by("-occurred_at", "-id")
    return [Position(*place) for place in found.values_list("occurred_at", "pk")[:count]]


def _from_the_text_index(
    candidates: MessageQuerySet, words: str, question: Question, *, reach: Reach, count: int
) -> list[Position]:
    hits = candidates.filter(matches_words(words)).order_by().values("id", "occurred_at")
    # Each hit in turn, newest first, is asked for its access level, until the page is full.
    this_hit = Message.objects.filter(pk=RawSQL("hit.id", []))
    permitted = _permitted(this_hit, question, reach=reach).order_by().values("id")
    try:
        hits_sql, hits_values = hits.query.sql_with_params()
        permitted_sql, permitted_values = permitted.query.sql_with_params()
    except EmptyResultSet:  # nothing is shared with this viewer
        return []
    statement = _FROM_THE_TEXT_INDEX.format(hits=hits_sql, permitted=permitted_sql)
    with connection.cursor() as cursor:
        cursor.execute(statement, [*hits_values, *permitted_values, count])
        return [Position(*place) for place in cursor.fetchall()]


def _permitted(candidates: MessageQuerySet, question: Question, *, reach: Reach) -> MessageQuerySet:
    level = access_level(reach, message_ref="pk")
    return candidates.annotate(viewer_access=level).filter(is_found(question, reach))
