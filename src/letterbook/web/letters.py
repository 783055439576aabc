"""One message of a conversation as its template draws it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import localtime

from letterbook.correspondence.conversations import Letter
from letterbook.correspondence.invited import OPENING
from letterbook.correspondence.later_facts import SeenFact
from letterbook.correspondence.models import Direction
from letterbook.correspondence.opened import Opened
from letterbook.mailboxes.models import Sharing
from letterbook.mime.attachments import may_run
from letterbook.mime.links import text_to_html
from letterbook.mime.quoting import split_quoted
from letterbook.web.entries import ShownFile, sender_of, shown_files
from letterbook.web.fact_stamps import FactStamp, fact_stamps
from letterbook.web.invited import ShownInvitation, show_invitation
from letterbook.web.who_is_who import WhoIsWho

_OUTLOOKS_OWN = {"application/ms-tnef", "application/vnd.ms-tnef"}


@dataclass(frozen=True, slots=True)
class Folded:
    """What a message quotes, or its signature, folded away."""

    label: str
    html: SafeString


@dataclass(frozen=True, slots=True)
class ShownLetter:
    """What `components/letter.html` draws; what each field means stands there."""

    id: str
    name: str
    address: str
    is_team: bool
    is_out: bool
    recipients: str
    moment: datetime
    is_open: bool
    is_new: bool = False
    claimed_at: datetime | None = None
    status: str = ""
    locked: str = ""
    snippet: str = ""
    url: str = ""
    reply_url: str = ""
    forward_url: str = ""
    source_url: str = ""
    html: str = ""
    frame_url: str = ""
    images_url: str = ""
    is_welcome: bool = False
    invitation: ShownInvitation | None = None
    notes: tuple[str, ...] = ()
    folded: tuple[Folded, ...] = ()
    files: tuple[ShownFile, ...] = ()
    facts: tuple[FactStamp, ...] = ()
    readers: str = ""


def show_letter(
    letter: Letter,
    who: WhoIsWho,
    *,
    is_open: bool,
    is_new: bool = False,
    facts: Sequence[SeenFact] = (),
    is_welcome: bool = False,
    opened: Sequence[Opened] = (),
) -> ShownLetter:
    """Return a message as this viewer sees it; closed, it is one line with its beginning.

    `is_new`: it came while the page was open. `facts` are what became of it if it was sent; `is_welcome` whether its
    sender's images are shown unasked; `opened` who read it through a mailbox of the viewer's.
    """
    seen = letter.seen
    sender = sender_of(seen)
    is_out = seen.direction == Direction.OUTGOING
    own, folded = _texts(letter) if is_open else ("", ())
    may_read = seen.may_read_content
    return ShownLetter(
        id=f"m-{seen.id}",
        name=who.full(sender.name, sender.address),
        address=sender.address,
        is_team=who.is_team(sender.address),
        is_out=is_out,
        recipients=_recipients(letter, who),
        moment=seen.occurred_at,
        is_open=is_open and may_read,
        is_new=is_new and not is_out,
        claimed_at=seen.claimed_at,
        status="sent" if is_out and may_read else "",
        locked="" if may_read else _locked(seen.access),
        snippet=seen.snippet,
        url=reverse("message", args=[seen.id]),
        reply_url=reverse("reply", args=[seen.id]),
        forward_url=reverse("forward", args=[seen.id]),
        source_url=reverse("source", args=[seen.id]) if may_read else "",
        html=own,
        frame_url=reverse("letter-frame", args=[seen.id]) if letter.has_html else "",
        images_url=reverse("always-show-images", args=[seen.id]) if letter.has_html else "",
        is_welcome=is_welcome,
        invitation=show_invitation(letter.invitation, who) if letter.invitation else None,
        notes=_notes(letter),
        folded=folded,
        files=shown_files(seen),
        facts=fact_stamps(facts),
        readers=_readers(opened),
    )


def _readers(opened: Sequence[Opened]) -> str:
    """Say who read it and how, latest first: "Bob Rowe read it, 3 Nov"."""
    return "; ".join(f"{one.user} {one.how.label}, {localtime(one.at):%-d %b}" for one in opened)


def _texts(letter: Letter) -> tuple[str, tuple[Folded, ...]]:
    """Return a plain message's own words, and what it quotes and its signature; HTML is shown in its frame."""
    if letter.has_html:
        return "", ()
    if letter.invitation and letter.text.lstrip().startswith(OPENING):
        return "", (Folded("The calendar entry as it came", _html(letter.text)),)
    parts = split_quoted(letter.text)
    folded = []
    if parts.signature and parts.own:
        folded.append(Folded("Signature", _html(parts.signature)))
    if parts.quoted:
        lines = parts.quoted.count("\n") + 1
        label = f"Quoted: {lines} line{'' if lines == 1 else 's'}"
        folded.append(Folded(label, _html(parts.quoted)))
    return _html(parts.own or parts.signature), tuple(folded)


def _notes(letter: Letter) -> tuple[str, ...]:
    """Return what a reader must know of how the message came."""
    notes = []
    if letter.protection and letter.protection.is_closed:
        notes.append(
            f"This email is {letter.protection.value}. Letterbook holds no keys:"
            " open it in the mail program that has yours."
        )
    elif letter.protection:
        notes.append(
            f"This email is {letter.protection.value}. The signature was not checked here."
        )
    if any(file.content_type in _OUTLOOKS_OWN for file in letter.seen.files):
        notes.append(
            "Outlook packed what was attached into winmail.dat. Outlook opens it; or ask for it again, sent as HTML."
        )
    if programs := [file.filename for file in letter.seen.files if may_run(file.filename)]:
        notes.append(
            f"Opening {', '.join(programs)} runs what somebody else wrote on your computer."
            " Do so only if you asked for it: who really sent it is not checked here."
        )
    return tuple(notes)


def _html(text: str) -> SafeString:
    # Escaped by text_to_html before its links are made.
    return mark_safe(text_to_html(text))  # noqa: S308


def _locked(access: Sharing) -> str:
    if access == Sharing.SUBJECT:
        return "wrote this; its text is not shared with you."
    return "wrote this; neither subject nor text is shared with you."


def _recipients(letter: Letter, who: WhoIsWho) -> str:
    by_role = {
        role: who.names([one for one in letter.seen.people if one.role == role])
        for role in ("to", "cc", "bcc")
    }
    words = [f"{role} {names}" for role, names in by_role.items() if names]
    return ", ".join(words) or "to nobody named"
