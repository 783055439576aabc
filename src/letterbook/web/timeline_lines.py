"""The lines of a contact's history as entries: emails, and what people wrote here, with what can be done to each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from django.utils.dateformat import format as format_date

from letterbook.correspondence.later_facts import SeenFact
from letterbook.teams.models import Membership
from letterbook.timeline.activity_types import KnownType, type_of
from letterbook.timeline.changes import Change
from letterbook.timeline.reading import TimelineLine
from letterbook.web.entries import Action, Entry, Former, show_email_line
from letterbook.web.paths import path_to
from letterbook.web.who_is_who import WhoIsWho

# Written out in full, for the style sheet is built from what is found here; an app's own type may name any of them.
_ICONS = {
    "note": "lucide--sticky-note",
    "call": "lucide--phone",
    "meeting": "lucide--users-round",
    "task": "lucide--list-checks",
}
_OTHER_ICON = "lucide--bookmark"


def show_line(
    line: TimelineLine,
    who: WhoIsWho,
    *,
    contact_id: UUID,
    facts: Sequence[SeenFact] = (),
    changes: Sequence[Change] = (),
    today: date | None = None,
) -> Entry:
    """Return a line of a contact's history as an entry.

    `facts` are what became of it if it was sent, `changes` what it was before, `today` tells what is overdue.
    """
    if line.email is not None:
        return show_email_line(line, line.email, who, contact_id=contact_id, facts=facts)
    kind = type_of(line.type)
    status, word = _to_do_stamp(line, today) if kind.is_to_do else ("", "")
    return Entry(
        id=f"line-{line.id}",
        side="team",
        moment=line.occurred_at,
        icon=icon_of(kind),
        lead=f"{kind.words} by {who.team_mate(line.user)}",
        people=_beside_lead(line, who),
        text=line.text,
        status=status,
        word=word,
        actions=(_finish(line, contact_id),) if status in {"due", "overdue"} else (),
        former=tuple(_formers(changes, who)),
        is_pinned=line.is_pinned,
        is_private=line.is_private,
    )


def icon_of(kind: KnownType) -> str:
    """Return the class of a type's icon."""
    return kind.icon or _ICONS.get(kind.name, _OTHER_ICON)


def menu_of(line: TimelineLine, member: Membership, *, contact_id: UUID) -> tuple[Action, ...]:
    """Return what this member can do to a line beside reading it: the rest of it is in a menu."""

    def at(name: str) -> str:
        return path_to(name, contact_id, line.id)

    pin = (
        ("Take off the top", "unpin-activity")
        if line.is_pinned
        else ("Pin to the top", "pin-activity")
    )
    menu = [Action(pin[0], at(pin[1]), is_post=True)]
    is_written = line.email is None
    if line.done_at:
        menu.append(Action("Not done yet", at("reopen-task"), is_post=True))
    if not _is_theirs(line, member):
        return tuple(menu)
    if is_written:
        menu.append(Action("Edit", at("edit-activity")))
        menu.append(Action("Move to another contact", at("move-activity")))
    word = "Delete" if is_written else "Take out of this history"
    return (*menu, Action(word, at("delete-activity"), is_post=True))


def _finish(line: TimelineLine, contact_id: UUID) -> Action:
    address = path_to("finish-task", contact_id, line.id)
    return Action("Done", address, is_post=True, key="e")


def _is_theirs(line: TimelineLine, member: Membership) -> bool:
    is_own = line.user is not None and line.user.pk == member.user_id
    may_read = line.email is None or line.email.may_read_content
    return is_own or (member.may_administer and may_read)


def _beside_lead(line: TimelineLine, who: WhoIsWho) -> str:
    if line.minutes:
        hours, minutes = divmod(line.minutes, 60)
        return " ".join(
            part for part in (f"{hours} h" * bool(hours), f"{minutes} min" * bool(minutes)) if part
        )
    return f"for {who.team_mate(line.assignee)}" if line.assignee else ""


def _to_do_stamp(line: TimelineLine, today: date | None) -> tuple[str, str]:
    if line.done_at:
        return "done", f"Done {format_date(line.done_at, 'j M')}"
    if line.due_on is None:
        return "due", "To do"
    is_late = today is not None and line.due_on < today
    return ("overdue" if is_late else "due"), f"Due {format_date(line.due_on, 'j M Y')}"


def _formers(changes: Sequence[Change], who: WhoIsWho) -> list[Former]:
    return [
        Former(who.team_mate(one.user), one.at, text)
        for one in changes
        if (text := _what_it_was(one))
    ]


def _what_it_was(change: Change) -> str:
    """The earlier text, or how else it stood; that something was pinned or done is no earlier version."""
    was = change.was
    parts = [str(was["text"])] if "text" in was else []
    if "occurred_at" in was:
        parts.append(
            f"on {format_date(datetime.fromisoformat(str(was['occurred_at'])), 'j M Y, H:i')}"
        )
    if "minutes" in was:
        parts.append(f"{was['minutes']} min" if was["minutes"] else "no length")
    if "due_on" in was:
        parts.append(f"due {was['due_on']}" if was["due_on"] else "no day")
    if "is_private" in was:
        parts.append("only theirs to see" if was["is_private"] else "for the whole team to see")
    if "contact_id" in was:
        parts.append("in the history of another contact")
    if "assignee_id" in was:
        parts.append("for somebody else" if was["assignee_id"] else "for nobody")
    return " · ".join(parts)
