"""A calendar invitation as the conversation page draws it: what, when, where, and who has answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.dateformat import format as written
from django.utils.timezone import localtime

from letterbook.mime.addresses import Address
from letterbook.mime.calendar_times import CalendarTime
from letterbook.mime.invitations import Attendee, Invitation
from letterbook.web.who_is_who import WhoIsWho

SHOWN_ATTENDEES = 12
_DAY = "l j F Y"
_TITLES = {
    "request": "Invitation",
    "cancel": "Cancelled",
    "counter": "Another time proposed",
    "declinecounter": "Proposal declined",
    "refresh": "Asked for again",
    "add": "Added to a series",
}
_ANSWERS = {
    "accepted": "accepts",
    "declined": "declines",
    "tentative": "may come",
    "delegated": "sends somebody else",
}


@dataclass(frozen=True, slots=True)
class ShownInvitation:
    """What `components/invitation.html` draws; `people` are (name, answer), `more` how many are left out."""

    title: str
    is_cancelled: bool
    summary: str
    when: str
    where: str
    organiser: str
    people: tuple[tuple[str, str], ...]
    more: int


def show_invitation(invitation: Invitation, who: WhoIsWho) -> ShownInvitation:
    """Return an invitation with its times in the viewer's time zone, where its own is known."""
    shown = invitation.attendees[:SHOWN_ATTENDEES]
    return ShownInvitation(
        title=_title(invitation, who),
        is_cancelled=invitation.method == "cancel",
        summary=invitation.summary or "(no title)",
        when=_when(invitation),
        where=invitation.location,
        organiser=_name(invitation.organiser, who) if invitation.organiser else "",
        people=tuple((_name(one.address, who), _ANSWERS.get(one.answer, "")) for one in shown),
        more=len(invitation.attendees) - len(shown),
    )


def _title(invitation: Invitation, who: WhoIsWho) -> str:
    if invitation.method != "reply":
        return _TITLES.get(invitation.method, "Calendar event")
    answers = [_answer(one, who) for one in invitation.attendees[:1]]
    return f"Answer: {answers[0]}" if answers else "Answer to an invitation"


def _answer(attendee: Attendee, who: WhoIsWho) -> str:
    return f"{_name(attendee.address, who)} {_ANSWERS.get(attendee.answer, 'has not decided')}"


def _name(address: Address, who: WhoIsWho) -> str:
    return who.full(address.name, address.email)


def _when(invitation: Invitation) -> str:
    if invitation.starts is None:
        return ""
    span = _span(invitation.starts, invitation.ends)
    return f"{span}, {invitation.repeats}" if invitation.repeats else span


def _span(starts: CalendarTime, ends: CalendarTime | None) -> str:
    if starts.is_whole_day:
        # The end that a calendar writes is the first day that is free again.
        last = (
            ends.clock - timedelta(days=1) if ends and ends.clock > starts.clock else starts.clock
        )
        return _from_to(written(starts.clock, _DAY), written(last, _DAY))
    first, is_local = _clock(starts)
    day, time = written(first, _DAY), written(first, "H:i")
    if ends:
        end, _ = _clock(ends) if is_local else (ends.clock, False)
        is_same_day = end.date() == first.date()
        time = _from_to(time, written(end, "H:i" if is_same_day else f"{_DAY}, H:i"))
    zone = "" if is_local else f" ({starts.zone or 'on the clock of whoever wrote it'})"
    return f"{day}, {time}{zone}"


def _clock(time: CalendarTime) -> tuple[datetime, bool]:
    """Return what to show of a time, and whether that is the viewer's own clock."""
    return (localtime(time.at), True) if time.at else (time.clock, False)


def _from_to(first: str, last: str) -> str:
    return first if first == last else f"{first} to {last}"
