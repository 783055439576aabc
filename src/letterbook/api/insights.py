"""Patterns of a team's correspondence, computed from what you may see."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import Field

from letterbook.api.mailboxes import find_mailbox
from letterbook.api.shapes import answers
from letterbook.api.tokens import TokenRequest
from letterbook.contacts.finding import find_contact
from letterbook.correspondence.answering import BOUNDS, AnswerTimes
from letterbook.insights.advice import AdviceKind, advice_for
from letterbook.insights.asked_about import MOST_WEEKS, About
from letterbook.insights.busiest_hours import busiest_hours
from letterbook.insights.response_times import response_times
from letterbook.insights.volume import volume
from letterbook.insights.waiting_longer import who_waits_longer
from letterbook.kit.refusals import NotFound
from letterbook.teams.models import Membership, User

router = Router(tags=["insights"])
Weeks = Annotated[int, Query(ge=1, le=MOST_WEEKS, description="how many weeks, this one included")]


class WeekShown(Schema):
    """The emails of one week, counted in UTC."""

    monday: date
    emails_in: int
    emails_out: int


class Volume(Schema):
    """Week by week, oldest first."""

    items: list[WeekShown]
    next_cursor: str = ""


class SpreadShown(Schema):
    """How many answers took up to so long, and longer than the bound before; the last has no bound."""

    up_to_seconds: int | None
    answers: int


class AnswerTimesShown(Schema):
    """How long answers took."""

    answers: int
    median_seconds: float | None
    spread: list[SpreadShown]


class ResponseTimes(Schema):
    """How long the team took to answer, and how long the others took."""

    ours: AnswerTimesShown = Field(description="answers the team gave")
    theirs: AnswerTimesShown = Field(description="answers the team got")


class AdviceShown(Schema):
    """One thing worth doing, and about whom or what it is."""

    kind: AdviceKind
    what_is_so: str
    what_to_do: str
    contact_id: UUID | None
    mailbox_id: UUID | None


class AdviceList(Schema):
    """What is worth doing, the most urgent first."""

    items: list[AdviceShown]
    next_cursor: str = ""


class HourShown(Schema):
    """An hour (0 to 23) of a weekday (1 is Monday) in your time zone."""

    weekday: int
    hour: int
    emails_in: int


class BusiestHours(Schema):
    """The hours of the week in which email came, the busiest first; in an hour that is not there none came."""

    items: list[HourShown]
    next_cursor: str = ""


class WaitingLongerShown(Schema):
    """A contact whom answers reach later than before: half of them within so many seconds, now and before."""

    contact_id: UUID
    answers: int = Field(description="how many they got in the last weeks")
    median_seconds: float
    median_seconds_before: float


class WaitingLongerList(Schema):
    """Those who write most first."""

    items: list[WaitingLongerShown]
    next_cursor: str = ""


@router.get("/insights/advice", response=answers(AdviceList), operation_id="get_advice")
def get_advice(request: TokenRequest) -> AdviceList:
    """What the numbers ask for: failing mailboxes, unanswered email, contacts going cold, the best hour to write."""
    found = advice_for(request.auth, at=timezone.now(), zone=timezone.get_current_timezone())
    return AdviceList(
        items=[
            AdviceShown(
                kind=one.kind,
                what_is_so=one.what_is_so,
                what_to_do=one.what_to_do,
                contact_id=one.contact.pk if one.contact else None,
                mailbox_id=one.mailbox.pk if one.mailbox else None,
            )
            for one in found
        ]
    )


@router.get("/insights/volume", response=answers(Volume), operation_id="get_volume")
def get_volume(
    request: TokenRequest,
    weeks: Weeks = 12,
    contact_id: UUID | None = None,
    user_id: UUID | None = None,
    mailbox_id: UUID | None = None,
) -> Volume:
    """Emails in and out, week by week: of the team, a contact, a team-mate, a mailbox, or several of these at once."""
    about = _about(request.auth, contact_id, user_id, mailbox_id)
    counted = volume(request.auth, at=timezone.now(), weeks=weeks, about=about)
    return Volume(items=[WeekShown.from_orm(week) for week in counted])


@router.get(
    "/insights/response-times", response=answers(ResponseTimes), operation_id="get_response_times"
)
def get_response_times(
    request: TokenRequest,
    weeks: Weeks = 12,
    contact_id: UUID | None = None,
    user_id: UUID | None = None,
    mailbox_id: UUID | None = None,
) -> ResponseTimes:
    """How long answers took in the last weeks, both ways, from the first email that waited for one."""
    about = _about(request.auth, contact_id, user_id, mailbox_id)
    found = response_times(request.auth, at=timezone.now(), weeks=weeks, about=about)
    return ResponseTimes(ours=_shown(found.ours), theirs=_shown(found.theirs))


@router.get(
    "/insights/busiest-hours", response=answers(BusiestHours), operation_id="get_busiest_hours"
)
def get_busiest_hours(
    request: TokenRequest,
    weeks: Weeks = 12,
    contact_id: UUID | None = None,
    user_id: UUID | None = None,
    mailbox_id: UUID | None = None,
) -> BusiestHours:
    """When email came in during the last weeks, by weekday and hour of your time zone; automatic mail left out."""
    about = _about(request.auth, contact_id, user_id, mailbox_id)
    zone = timezone.get_current_timezone()
    found = busiest_hours(request.auth, at=timezone.now(), zone=zone, weeks=weeks, about=about)
    return BusiestHours(items=[HourShown.from_orm(hour) for hour in found])


@router.get(
    "/insights/waiting-longer",
    response=answers(WaitingLongerList),
    operation_id="get_waiting_longer",
)
def get_waiting_longer(
    request: TokenRequest,
    weeks: Weeks = 12,
    user_id: UUID | None = None,
    mailbox_id: UUID | None = None,
) -> WaitingLongerList:
    """Whom your answers reach half as late again as in as many weeks before, or later; from three answers on."""
    about = _about(request.auth, None, user_id, mailbox_id)
    found = who_waits_longer(request.auth, at=timezone.now(), weeks=weeks, about=about)
    return WaitingLongerList(
        items=[
            WaitingLongerShown(
                contact_id=one.contact.pk,
                answers=one.answers,
                median_seconds=one.median.total_seconds(),
                median_seconds_before=one.median_before.total_seconds(),
            )
            for one in found
        ]
    )


def _about(
    member: Membership, contact_id: UUID | None, user_id: UUID | None, mailbox_id: UUID | None
) -> About:
    return About(
        contact=find_contact(member, contact_id) if contact_id else None,
        user=_team_mate(member, user_id),
        mailbox=find_mailbox(member, mailbox_id) if mailbox_id else None,
    )


def _team_mate(member: Membership, user_id: UUID | None) -> User | None:
    if user_id is None:
        return None
    team = Membership.objects.filter(team_id=member.team_id).select_related("user")
    found = team.filter(user_id=user_id).first()
    if found is None:
        raise NotFound("There is no such person in this team.")
    return found.user


def _shown(times: AnswerTimes) -> AnswerTimesShown:
    bounds = [*(int(bound.total_seconds()) for bound in BOUNDS), None]
    return AnswerTimesShown(
        answers=times.answers,
        median_seconds=times.median.total_seconds() if times.median is not None else None,
        spread=[
            SpreadShown(up_to_seconds=bound, answers=number)
            for bound, number in zip(bounds, times.counts, strict=True)
        ],
    )
