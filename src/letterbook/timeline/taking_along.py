"""Taking histories along: what one may see of them, as files that other programs read.

`mail.mbox` has the source of each email one may read, once; `contacts.jsonl` a contact a line with all lines of its
history, where an email says its place in the mbox. Owners see who exported their mail, the audit log who took how much.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from django.db.models import Prefetch

from letterbook.contacts.models import Contact, ContactAddress
from letterbook.correspondence.downloading import download_source
from letterbook.correspondence.openings import How
from letterbook.correspondence.showing import SeenMessage
from letterbook.kit.refusals import Conflict, Invalid
from letterbook.teams.audit import record_audit
from letterbook.teams.models import Membership
from letterbook.timeline.reading import MAX_LIMIT, TimelineLine, read_timeline

_AT_ONCE = 200
_FROM_LINE = re.compile(rb"^(>*From )", re.MULTILINE)


@dataclass(slots=True)
class Taken:
    """How much was taken along; `unreadable` emails are told of, as far as one may know of them, without a source."""

    contacts: int = 0
    lines: int = 0
    emails: int = 0
    unreadable: int = 0
    places: dict[UUID, int] = field(default_factory=dict)


def take_along(
    member: Membership, contacts: Iterable[Contact] | None, *, folder: Path, at: datetime
) -> Taken:
    """Write the histories of these contacts, or of all, into a new folder and return how much that was.

    Raises `Conflict` where there is something already, and `Invalid` where nothing can be written.
    """
    taken = Taken()
    with (
        _new_folder(folder),
        (folder / "contacts.jsonl").open("w", encoding="utf-8") as text,
        (folder / "mail.mbox").open("wb") as mbox,
    ):
        for contact in _all(member) if contacts is None else contacts:
            told = _tell(member, contact, mbox=mbox, taken=taken)
            text.write(json.dumps(told, ensure_ascii=False, default=str) + "\n")
        _record(member, taken, at=at)
    return taken


@contextmanager
def _new_folder(folder: Path) -> Iterator[None]:
    """Make a folder that only its owner may read; what does not come to its end leaves none."""
    try:
        folder.mkdir(mode=0o700, parents=True)
    except FileExistsError as error:
        raise Conflict(
            f"There is something at {folder} already, and nothing is overwritten.",
            way_out="Choose another name.",
        ) from error
    except OSError as error:
        raise _unwritable(folder, error) from error
    try:
        yield
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, OSError):
            raise _unwritable(folder, error) from error
        raise


def _unwritable(folder: Path, error: OSError) -> Invalid:
    return Invalid(
        f"{folder} cannot be written: {error.strerror}.", way_out="Choose another folder."
    )


def _record(member: Membership, taken: Taken, *, at: datetime) -> None:
    record_audit(
        "histories exported",
        team_id=member.team_id,
        user=member.user,
        at=at,
        contacts=taken.contacts,
        emails=taken.emails,
    )


def _all(member: Membership) -> Iterator[Contact]:
    addresses = Prefetch("addresses", ContactAddress.objects.order_by("pk"))
    contacts = Contact.objects.visible_to(member).prefetch_related(addresses).order_by("pk")
    last = UUID(int=0)
    while some := list(contacts.filter(pk__gt=last)[:_AT_ONCE]):
        yield from some
        last = some[-1].pk


def _tell(
    member: Membership, contact: Contact, *, mbox: IO[bytes], taken: Taken
) -> dict[str, Any]:  # one line of JSON
    history = [_line(member, line, mbox, taken) for line in _history(member, contact)]
    taken.contacts += 1
    taken.lines += len(history)
    return {
        "id": contact.pk,
        "name": contact.name,
        "job_title": contact.job_title,
        "company": contact.company,
        "phone": contact.phone,
        "note": contact.note,
        "addresses": [one.address for one in contact.addresses.all()],
        "history": history,
    }


def _history(member: Membership, contact: Contact) -> Iterator[TimelineLine]:
    cursor = ""
    while True:
        page = read_timeline(member, contact, cursor=cursor, limit=MAX_LIMIT)
        yield from page.lines
        cursor = page.next_cursor
        if not cursor:
            return


def _line(
    member: Membership, line: TimelineLine, mbox: IO[bytes], taken: Taken
) -> dict[str, Any]:  # a part of that
    return {
        "id": line.id,
        "type": line.type,
        "direction": line.direction,
        "occurred_at": line.occurred_at.isoformat(),
        "user": line.user.email if line.user else None,
        "text": line.text,
        "minutes": line.minutes,
        "due_on": line.due_on,
        "assignee": line.assignee.email if line.assignee else None,
        "done_at": line.done_at.isoformat() if line.done_at else None,
        "email": _email(member, line.email, mbox, taken) if line.email else None,
    }


def _email(
    member: Membership, seen: SeenMessage, mbox: IO[bytes], taken: Taken
) -> dict[str, Any]:  # a part of that
    return {
        "id": seen.id,
        "thread_id": seen.thread_id,
        "access": seen.access.name.lower(),
        "people": [{"role": p.role, "name": p.name, "address": p.address} for p in seen.people],
        "subject": seen.subject,
        "files": [one.filename for one in seen.files],
        "place_in_mbox": _place(member, seen, mbox, taken),
    }


def _place(member: Membership, seen: SeenMessage, mbox: IO[bytes], taken: Taken) -> int | None:
    if not seen.may_read_content:
        taken.unreadable += 1
        return None
    if seen.id not in taken.places:
        raw = download_source(member, seen.id, how=How.EXPORT)
        mbox.write(_in_mbox(raw, at=seen.occurred_at))
        taken.places[seen.id] = taken.emails
        taken.emails += 1
    return taken.places[seen.id]


def _in_mbox(raw: bytes, *, at: datetime) -> bytes:
    """Return a message as it stands in an mbox: lines that look like a separator are quoted (mboxrd)."""
    quoted = _FROM_LINE.sub(rb">\1", raw)
    end = b"\n" if quoted.endswith(b"\n") else b"\n\n"
    return f"From - {at:%a %b %d %H:%M:%S %Y}\n".encode() + quoted + end
