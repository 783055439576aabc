"""The story of one outgoing email as its page draws it, and the ways from it into Gmail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote
from uuid import UUID

from django.urls import reverse
from django.utils.timezone import localtime

from letterbook.outgoing.expecting import Expectation
from letterbook.outgoing.models import OutgoingEmail
from letterbook.outgoing.story import Story, tell_story
from letterbook.outgoing.story_lines import LineKind, StoryLine
from letterbook.teams.models import Membership
from letterbook.web.templatetags.times import ago, short_when
from letterbook.web.who_is_who import WhoIsWho


@dataclass(frozen=True, slots=True)
class ShownLine:
    """One line, as `components/log_row.html` draws it."""

    moment: datetime
    time: str
    icon: str
    title: str
    text: str
    tone: str = ""
    evidence: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class ShownStory:
    """What happened, what happens next, and whether the log is whole."""

    lines: list[ShownLine]
    next: str
    flaws: tuple[str, ...]
    log_length: int


# The class names are written out in full: the style sheet is built from those found in this file.
_ICONS: dict[LineKind, str] = {
    "draft": "lucide--pencil-line",
    "queued": "lucide--clock",
    "sent": "lucide--check",
    "failed": "lucide--triangle-alert",
    "under_way": "lucide--arrow-up-from-line",
    "accepted": "lucide--arrow-up-from-line",
    "asked": "lucide--search",
    "refused": "lucide--octagon-x",
    "unknown": "lucide--unplug",
    "settled": "lucide--gavel",
    "told": "lucide--bell",
    "bounced": "lucide--mail-x",
    "delayed": "lucide--hourglass",
    "complaint": "lucide--thumbs-down",
    "away": "lucide--palmtree",
    "answered": "lucide--reply",
}
_TONES: dict[LineKind, str] = {
    "sent": "primary",
    "failed": "error",
    "under_way": "primary",
    "accepted": "primary",
    "refused": "warning",
    "unknown": "warning",
    "bounced": "error",
    "complaint": "error",
}


def show_story(
    email: OutgoingEmail, *, member: Membership, who: WhoIsWho, at: datetime
) -> ShownStory:
    """Return an email's story as this viewer may know it."""
    story = tell_story(email, member=member, at=at, called=who.team_mate)
    return ShownStory(
        lines=[_line(one, at=at) for one in story.lines],
        next=_next(story, at=at),
        flaws=story.flaws,
        log_length=story.log_length,
    )


def _line(line: StoryLine, *, at: datetime) -> ShownLine:
    return ShownLine(
        moment=line.at,
        time=_time(line.at, at=at),
        icon=_ICONS[line.kind],
        title=line.title,
        text=line.text,
        tone=_TONES.get(line.kind, ""),
        evidence=line.evidence,
        url=_message_url(line.message_id) if line.message_id else "",
    )


def _message_url(message_id: UUID) -> str:
    return reverse("message", args=[message_id])


def _time(moment: datetime, *, at: datetime) -> str:
    if localtime(moment).date() == localtime(at).date():
        return localtime(moment).strftime("%H:%M:%S")
    return short_when(moment, at=at)


def _next(story: Story, *, at: datetime) -> str:
    """Return what happens next and when, as a sentence; nothing where nothing does."""
    if story.expectation is None:
        return ""
    return " ".join(filter(None, (_when(story.expectation, at=at), story.expectation.reason)))


def _when(expectation: Expectation, *, at: datetime) -> str:
    if expectation.at is None or expectation.why == "handing_over":
        return ""
    if expectation.at <= at:
        return "Next: as soon as a worker is free."
    verb = "Gmail is asked" if expectation.why == "asking" else "It goes"
    return f"Next: {verb} {when_in_words(expectation.at, at=at)}."


def when_in_words(moment: datetime, *, at: datetime) -> str:
    """Return a moment to come as it stands in a sentence, its day named once."""
    when = f"at {localtime(moment):%H:%M}"
    days = (localtime(moment).date() - localtime(at).date()).days
    if days > 1:
        is_this_year = localtime(moment).year == localtime(at).year
        return f"on {localtime(moment):%A %-d %B}{'' if is_this_year else f' {localtime(moment):%Y}'} {when}"
    return f"tomorrow {when}" if days else f"{when}, {ago(moment, at=at)}"


def gmail_url(email: OutgoingEmail) -> str:
    """Return where the sent email stands in its mailbox's Gmail, or "" before Gmail has it."""
    if not email.gmail_message_id:
        return ""
    return f"{_gmail_of(email)}/#all/{quote(email.gmail_message_id, safe='')}"


def gmail_sent_folder(email: OutgoingEmail) -> str:
    """Return the Sent folder of the mailbox, where a person looks before they decide."""
    return f"{_gmail_of(email)}/#sent"


def _gmail_of(email: OutgoingEmail) -> str:
    return f"https://mail.google.com/mail/u/{quote(email.mailbox.address, safe='@')}"
