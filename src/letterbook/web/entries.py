"""The lines of a contact's history as the timeline's template draws them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from uuid import UUID

from django.utils.timezone import localtime

from letterbook.correspondence.later_facts import SeenFact
from letterbook.correspondence.models import Direction
from letterbook.correspondence.showing import PersonOnIt, SeenMessage
from letterbook.mailboxes.models import Sharing
from letterbook.timeline.reading import TimelineLine
from letterbook.web.fact_stamps import FactStamp, fact_stamps
from letterbook.web.file_links import file_url
from letterbook.web.paths import path_to
from letterbook.web.who_is_who import WhoIsWho, capitalised


@dataclass(frozen=True, slots=True)
class Action:
    """A button of a line: a link, or a form that posts nothing but itself."""

    label: str
    url: str
    is_post: bool = False
    is_primary: bool = False
    key: str = ""


@dataclass(frozen=True, slots=True)
class ShownFile:
    """A file as a chip."""

    name: str
    size: int
    url: str
    is_image: bool


@dataclass(frozen=True, slots=True)
class Former:
    """What an activity was until somebody changed it."""

    who: str
    moment: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What `drawn/entries.jinja` draws; what each field means stands there."""

    id: str
    side: str
    moment: datetime
    tone: str = ""
    icon: str = ""
    lead: str = ""
    name: str = ""
    is_team: bool = False
    people: str = ""
    subject: str = ""
    url: str = ""
    text: str = ""
    locked: str = ""
    status: str = ""
    word: str = ""
    aside: str = ""
    reason: str = ""
    leaves_at: datetime | None = None
    facts: tuple[FactStamp, ...] = ()
    files: tuple[ShownFile, ...] = ()
    actions: tuple[Action, ...] = ()
    menu: tuple[Action, ...] = ()
    claimed_at: datetime | None = None
    former: tuple[Former, ...] = ()
    is_pinned: bool = False
    is_private: bool = False
    is_new: bool = False
    earlier: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class Day:
    """The lines of one day in the viewer's time zone."""

    date: str
    moment: datetime
    entries: list[Entry] = field(default_factory=list)


def by_day(entries: Iterable[Entry]) -> list[Day]:
    """Return entries, newest first, under the days they belong to."""
    return [
        Day(date, (members := list(group))[0].moment, members)
        for date, group in groupby(entries, key=_date)
    ]


def _date(entry: Entry) -> str:
    return localtime(entry.moment).date().isoformat()


def show_email_line(
    line: TimelineLine,
    email: SeenMessage,
    who: WhoIsWho,
    *,
    contact_id: UUID,
    facts: Sequence[SeenFact] = (),
) -> Entry:
    """Return an email of a contact's history as an entry; `facts` are what became of it if it was sent."""
    return replace(_email(line, email, who), facts=fact_stamps(facts, contact_id=contact_id))


def _email(line: TimelineLine, email: SeenMessage, who: WhoIsWho) -> Entry:
    is_out = email.direction == Direction.OUTGOING
    sender = sender_of(email)
    return Entry(
        id=f"line-{line.id}",
        side="out" if is_out else "in",
        moment=line.occurred_at,
        name=who.full(sender.name, sender.address),
        is_team=who.is_team(sender.address),
        people=_from_to(email, sender, who),
        subject=_subject(email),
        url=f"{path_to('conversation', email.thread_id)}#m-{email.id}",
        text=email.snippet,
        locked=_locked(line, email, who),
        status="sent" if is_out else "",
        files=shown_files(email),
        actions=_answers(email) if not (is_out and email.may_read_content) else (),
        claimed_at=email.claimed_at,
        is_pinned=line.is_pinned,
    )


def _subject(email: SeenMessage) -> str:
    return (email.subject or "(no subject)") if email.may_read_subject else ""


def _from_to(email: SeenMessage, sender: PersonOnIt, who: WhoIsWho) -> str:
    recipients = [one for one in email.people if one.role in {"to", "cc", "bcc"}]
    return f"{capitalised(who.short(sender.name, sender.address))} to {who.names(recipients) or 'nobody named'}"


def _locked(line: TimelineLine, email: SeenMessage, who: WhoIsWho) -> str:
    if email.may_read_content:
        return ""
    what = "the subject only" if email.access == Sharing.SUBJECT else "only that it exists"
    return f"{capitalised(who.team_mate(line.user))} shares {what}."


def sender_of(email: SeenMessage) -> PersonOnIt:
    """Return who an email names as its sender; old and broken mail may name nobody."""
    nobody = PersonOnIt("from", "", "")
    return next((one for one in email.people if one.role == "from"), nobody)


def shown_files(email: SeenMessage) -> tuple[ShownFile, ...]:
    """Return the files of an email, those that are part of its text left out, each with its address."""
    return tuple(
        ShownFile(
            name=file.filename,
            size=file.size,
            url=file_url(email.id, file),
            is_image=file.content_type.startswith("image/"),
        )
        for file in email.files
        if not file.is_inline
    )


def _answers(email: SeenMessage) -> tuple[Action, ...]:
    if not email.may_read_content:
        # Under the conversation, who can be asked, and who was, is said.
        return (Action("Ask to read it", f"{path_to('conversation', email.thread_id)}#ask"),)
    return (Action("Reply", path_to("reply", email.id), is_post=True, key="r"),)
