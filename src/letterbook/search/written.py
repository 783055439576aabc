"""Finding what people wrote into the histories: notes, calls, meetings, tasks; one's own private ones too."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import F, Q, Value

from letterbook.contacts.models import Contact, ContactAddress
from letterbook.correspondence.access import reach_of
from letterbook.kit.cursors import Position
from letterbook.search.language import Question, Term
from letterbook.search.matching import HasWords, words_of_term
from letterbook.search.planning import is_older
from letterbook.teams.models import Membership
from letterbook.teams.second_wall import on_the_teams_behalf
from letterbook.timeline.models import Activity, ActivityQuerySet, is_written_for


@on_the_teams_behalf()
def newest_written(
    member: Membership, question: Question, *, period: Q, after: Position | None, count: int
) -> list[Position]:
    """Return the places of the newest of what people wrote that answers a question and that this member may read.

    They are found before the second wall, behind which no text index is used; see planning.py.
    """
    asked = _theirs(member).filter(period, is_older(after), _answers(question))
    found = asked.order_by("-occurred_at", "-id").values_list("occurred_at", "pk")
    return [Position(*place) for place in found[:count]]


def read_written(member: Membership, places: Sequence[Position]) -> list[Activity]:
    """Return what was found, as far as it is there and this member may read it."""
    ids = [place.id for place in places]
    rows = _theirs(member).select_related("contact", "user", "assignee")
    return list(rows.prefetch_related("contact__addresses").filter(pk__in=ids)) if ids else []


def _theirs(member: Membership) -> ActivityQuerySet:
    return Activity.objects.filter(is_written_for(reach_of(member)), team_id=member.team_id)


def _answers(question: Question) -> Q:
    """Say that one of the words stands in the text, and each other there or in the contact's name."""
    condition = Q()
    if question.anywhere:
        any_of_them = " | ".join(words_of_term(term) for term in question.anywhere)
        condition &= Q(HasWords(F("words"), Value(any_of_them)))
    for term in question.anywhere if len(question.anywhere) > 1 else ():
        condition &= Q(HasWords(F("words"), Value(words_of_term(term)))) | _is_about(term)
    for term in question.anyone:
        condition &= _is_about(term)
    return condition


def _is_about(term: Term) -> Q:
    if term.address:
        owners = ContactAddress.objects.filter(key=term.address)
        return Q(contact__in=owners.values("contact"))
    # A contact's words have no places: they need not be neighbours.
    words = " & ".join(words_of_term(Term((word,))) for word in term.words[:-1])
    last = words_of_term(Term(term.words[-1:], term.is_beginning))
    named = HasWords(F("words"), Value(f"{words} & {last}" if words else last))
    return Q(contact__in=Contact.objects.filter(named).values("pk"))
