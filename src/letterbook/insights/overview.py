"""All insights of a page, counted in one reading."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from letterbook.correspondence.answering import BothWays
from letterbook.insights.advice import Advice, advice_for, advice_from, advice_of
from letterbook.insights.asked_about import WHOLE_TEAM, About
from letterbook.insights.busiest_hours import Hour, hours_of
from letterbook.insights.response_times import answers_of
from letterbook.insights.tallying import Tally, count_together, read_since, year_before
from letterbook.insights.volume import WeekVolume, volume_of
from letterbook.insights.waiting_longer import WaitingLonger, waiting_longer_of
from letterbook.teams.models import Membership


@dataclass(frozen=True, slots=True)
class Overview:
    """The numbers of the last weeks, and what they ask for.

    `volumes` goes back as many whole weeks more, to compare with. Advice is about the whole team.
    """

    volumes: tuple[WeekVolume, ...]
    answers: BothWays
    hours: tuple[Hour, ...]
    slower: tuple[WaitingLonger, ...]
    advice: tuple[Advice, ...]


def overview_of(
    member: Membership, *, at: datetime, zone: tzinfo, weeks: int, about: About = WHOLE_TEAM
) -> Overview:
    """Return what each insight alone would say, from what this member may see; raise `Invalid` for the weeks."""
    since = read_since(at, weeks=weeks)
    tallies: list[Tally[Any]] = [
        volume_of(at, weeks=2 * weeks - 1),
        answers_of(at, weeks=weeks),
        hours_of(at, zone=zone, weeks=weeks),
        waiting_longer_of(member, at=at, weeks=weeks),
    ]
    is_advised = about == WHOLE_TEAM
    # Advice is about a year: where more is read for these weeks, a conversation's turns could fall otherwise.
    together = is_advised and since == year_before(at)
    if together:
        tallies += advice_of(member, at=at, zone=zone)
    volumes, answers, hours, slower, *counted = count_together(member, about, *tallies, since=since)
    advice: tuple[Advice, ...] = ()
    if is_advised:
        advice = (
            advice_from(member, *counted, at=at)
            if together
            else advice_for(member, at=at, zone=zone)
        )
    return Overview(volumes, answers, hours, slower if about.contact is None else (), advice)
