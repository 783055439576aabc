"""Files of email that a person uploads: kept until a worker has imported them, then deleted."""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from procrastinate.contrib.django import app

from letterbook.incoming.archives import find_archives
from letterbook.incoming.importing import find_or_create_import_mailbox, import_archives
from letterbook.incoming.models import RetrievalRun, RunKind
from letterbook.incoming.requesting import QUEUE
from letterbook.kit.refusals import Conflict, Invalid
from letterbook.mailboxes.models import Mailbox, Sharing
from letterbook.mailboxes.states import announce_mailbox
from letterbook.teams.models import Membership

LARGEST_UPLOAD = 100 * 1024 * 1024


class UploadedFile(Protocol):
    """What is needed of a file that somebody sent; Django's will do."""

    @property
    def name(self) -> str | None: ...
    @property
    def size(self) -> int | None: ...
    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]: ...


def receive_upload(
    member: Membership,
    files: Sequence[UploadedFile],
    *,
    address: str,
    sharing: Sharing,
    creates_contacts: bool,
    at: datetime,
) -> Mailbox:
    """Keep these files and ask a worker to import them; return the mailbox that they are imported into.

    Raises `Invalid` for what is no email, and `Conflict` for a mailbox of somebody else or one shared otherwise.
    """
    _check_size(files)
    folder = _uploads() / secrets.token_hex(16)
    try:
        _keep(files, folder)
        with transaction.atomic():
            mailbox = _find_mailbox(member, address=address, sharing=sharing, at=at)
            task = app.configure_task("import_upload", queue=QUEUE, lock=f"import {mailbox.pk}")
            task.defer(
                mailbox_id=str(mailbox.pk), folder=folder.name, creates_contacts=creates_contacts
            )
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return mailbox


def import_upload(mailbox: Mailbox, folder: str, *, creates_contacts: bool, at: datetime) -> None:
    """Import what was uploaded into this folder, then delete it. Killed and run again, it goes on where it was.

    A file that turns out to be damaged is told in its run. Where the database is out of reach, the files stay for
    another try.
    """
    path = _uploads() / folder
    is_over = True
    try:
        import_archives(
            [path],
            mailbox=mailbox,
            at=at,
            creates_contacts=creates_contacts,
            on_progress=lambda _done, _total: announce_mailbox(mailbox),
            name_of=lambda one: "single emails" if one == path else _without_number(one.name),
        )
    except Invalid as refused:
        _tell(mailbox, refused, path, at=at)
    except (OperationalError, InterfaceError):
        is_over = False
        raise
    finally:
        if is_over:
            shutil.rmtree(path, ignore_errors=True)
    announce_mailbox(mailbox)


def _check_size(files: Sequence[UploadedFile]) -> None:
    if not files:
        raise Invalid("Choose a file first.", field="files")
    if sum(file.size or 0 for file in files) > LARGEST_UPLOAD:
        raise Invalid(
            "That is more than 100 MB.",
            way_out="On the server, “letterbook import PATH --mailbox ADDRESS” reads it where it lies.",
            field="files",
        )


def _keep(files: Iterable[UploadedFile], folder: Path) -> None:
    """Write the files; refuse one that is no email while the person is still there to choose another."""
    _uploads().mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.mkdir(mode=0o700)
    for number, file in enumerate(files, start=1):
        path = folder / f"{number}-{_plain_name(file.name or 'email')}"
        with path.open("xb") as kept:
            for chunk in file.chunks():
                kept.write(chunk)
        try:
            find_archives([path])
        except Invalid as refused:
            message = refused.message.replace(str(path), file.name or "The file")
            way_out = "Choose an mbox file (also .gz) or .eml files."
            raise Invalid(message, way_out=way_out, field="files") from refused


def _without_number(name: str) -> str:
    """The name of a kept file as the person knows it."""
    return name.partition("-")[2]


def _plain_name(name: str) -> str:
    """A name that no file system minds, recognisable in a message; what makes a file hidden is left off."""
    return re.sub(r"[^\w.-]+", "_", name, flags=re.ASCII)[-80:].lstrip(".") or "email"


def _find_mailbox(member: Membership, *, address: str, sharing: Sharing, at: datetime) -> Mailbox:
    mailbox = find_or_create_import_mailbox(
        member.team, address=address, owner=member.user, sharing=sharing, at=at
    )
    if mailbox.sharing != sharing:
        # Imported under another choice than the person just made, their mail would be shown to the wrong people.
        label = Sharing(mailbox.sharing).label
        raise Conflict(
            f"{mailbox.address} is here already, and shares “{label.lower()}”.",
            way_out=f"Choose {label} here, or change it on the page of that mailbox first.",
            field="sharing",
        )
    return mailbox


def _tell(mailbox: Mailbox, refused: Invalid, path: Path, *, at: datetime) -> None:
    """Say what was wrong in the run that people see, in the names that they know; one is made where it never began."""
    words = re.sub(re.escape(f"{path}/") + r"\d+-", "", str(refused)).replace(str(path), "the file")
    runs = RetrievalRun.objects.filter(mailbox=mailbox, kind=RunKind.IMPORT, started_at=at)
    if not runs.update(error=words):
        RetrievalRun.objects.create(
            mailbox=mailbox,
            team_id=mailbox.team_id,
            kind=RunKind.IMPORT,
            started_at=at,
            ended_at=at,
            error="The uploaded file is not there for the worker. Upload it again."
            if not path.exists()
            else words,
        )


def _uploads() -> Path:
    return Path(settings.HOME) / "uploads"
