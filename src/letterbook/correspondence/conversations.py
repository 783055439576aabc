"""Reading one message, or the conversation it belongs to, as far as the viewer may see it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from letterbook.correspondence.access import Reach, reach_of
from letterbook.correspondence.invited import invitation_in
from letterbook.correspondence.models import Message, MessageQuerySet
from letterbook.correspondence.opened import note_opened
from letterbook.correspondence.openings import How
from letterbook.correspondence.showing import PersonOnIt, SeenMessage, show_message
from letterbook.kit.refusals import NotFound
from letterbook.mime.addresses import address_key
from letterbook.mime.invitations import Invitation
from letterbook.mime.protection import Protection, protection_of
from letterbook.teams.models import Membership

# A mailing list's thread can be endless; the newest this many are what a page can carry.
MAX_SHOWN = 500
WITH_INVITATIONS = 20


@dataclass(frozen=True, slots=True)
class Letter:
    """One message of a conversation; its text is empty where the viewer may not read it.

    `invitation` is read of the newest messages only: it takes the source.
    """

    seen: SeenMessage
    text: str
    message_id: str
    has_html: bool
    size: int
    protection: Protection | None = None
    invitation: Invitation | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    """The messages of a thread this viewer may know of, oldest first, and everyone named in them.

    `hidden` are those of the messages listed that the viewer may not read; of others nothing is said. `has_earlier`
    means that the oldest are left out.
    """

    thread_id: UUID
    subject: str
    letters: tuple[Letter, ...]
    participants: tuple[PersonOnIt, ...]
    hidden: int
    has_earlier: bool

    @property
    def is_partly_hidden(self) -> bool:
        """Whether there is something to ask for."""
        return self.hidden > 0


def read_conversation(member: Membership, thread_id: UUID) -> Conversation:
    """Return a thread as this member sees it; raise `NotFound` when there is nothing in it for them."""
    reach = reach_of(member)
    newest = _messages(member, reach).filter(thread_id=thread_id).order_by("-occurred_at", "-id")
    found = list(newest[: MAX_SHOWN + 1])
    if not found:
        raise _no_such("conversation")
    newest_first = (
        _letter(message, with_invitation=number < WITH_INVITATIONS)
        for number, message in enumerate(found[:MAX_SHOWN])
    )
    letters = tuple(newest_first)[::-1]
    read = [one.seen.id for one in letters if one.seen.may_read_content]
    note_opened(member, read, how=How.PAGE, reach=reach)
    return Conversation(
        thread_id=thread_id,
        subject=next((one.seen.subject for one in letters if one.seen.subject), ""),
        letters=letters,
        participants=_everyone(letters),
        hidden=sum(not letter.seen.may_read_content for letter in letters),
        has_earlier=len(found) > MAX_SHOWN,
    )


def read_letter(member: Membership, message_id: UUID) -> Letter:
    """Return one message as this member sees it; raise `NotFound` when they may not know of it."""
    letter = _letter(find_message(member, message_id), with_invitation=True)
    if letter.seen.may_read_content:
        note_opened(member, [message_id], how=How.PAGE)
    return letter


def find_message(member: Membership, message_id: UUID) -> Message:
    """Return the stored row with its `access`; raise `NotFound` when this member may not know of it."""
    found = _messages(member).filter(pk=message_id).first()
    if found is None:
        raise _no_such("email")
    return found


def find_readable_message(
    member: Membership, message_id: UUID, *, how: How | None = How.PAGE
) -> Message:
    """Return a row whose text, files and source this member may read; raise `NotFound` otherwise.

    It is noted how, for its owner; None where nobody gets to read anything of it.
    """
    found = Message.objects.readable_by(member).defer("search").filter(pk=message_id).first()
    if found is None:
        raise _no_such("email")
    if how is not None:
        note_opened(member, [message_id], how=how)
    return found


def _messages(member: Membership, reach: Reach | None = None) -> MessageQuerySet:
    return Message.objects.visible_to(member, reach=reach).defer("search")


def _letter(message: Message, *, with_invitation: bool) -> Letter:
    seen = show_message(message)
    if not seen.may_read_content:
        return Letter(seen, text="", message_id="", has_html=False, size=message.size)
    return Letter(
        seen=seen,
        text=message.text,
        message_id=message.message_id,
        has_html=message.has_html,
        size=message.size,
        protection=protection_of({file.content_type for file in seen.files}, text=message.text),
        invitation=invitation_in(message) if with_invitation else None,
    )


def _everyone(letters: Iterable[Letter]) -> tuple[PersonOnIt, ...]:
    by_key: dict[str, PersonOnIt] = {}
    for letter in letters:
        for person in letter.seen.people:
            by_key.setdefault(address_key(person.address), person)
    return tuple(by_key.values())


def _no_such(what: str) -> NotFound:
    return NotFound(
        f"There is no such {what} here, or it is not shared with you.",
        way_out="Search for it, or ask the team-mate whose mailbox holds it.",
    )
