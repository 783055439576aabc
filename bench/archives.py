"""Importing: two mailing lists of real email, from raw files to searchable, matched, threaded, on the timeline."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.db import connection
from django.utils.timezone import now

from bench.figures import Findings
from bench.surroundings import cpu_seconds, peak_memory, peak_of_children
from bench.team import a_team
from letterbook.contacts.models import Contact
from letterbook.incoming.archives import find_archives, read_archive
from letterbook.incoming.importing import (
    ImportResult,
    find_or_create_import_mailbox,
    import_archives,
)
from letterbook.mailboxes.models import Mailbox, Sharing
from letterbook.teams.models import Membership
from letterbook.timeline.models import Activity

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
ARCHIVES = [DATA / "openbmc.mbox.gz", DATA / "usrp-users.mbox.gz"]


def measure() -> Findings:
    """Import the lists twice, everyone on them becoming a contact."""
    findings = Findings("Importing archives")
    if missing := [each.name for each in ARCHIVES if not each.exists()]:
        findings.skipped = f"{', '.join(missing)} not found in ../shared/data."
        return findings
    mailbox = mailbox_of(a_team())
    with peak_of_children() as peaks:
        first, seconds, cpu = timed_import(mailbox)
    parsing = max(peaks.values(), default=0)
    number = first.stored + first.repeated + first.skipped + first.quarantined
    findings.add("First import, from raw to searchable", f"{number / seconds:,.0f} messages/s")
    findings.add("… CPU of the storing process", f"{1000 * cpu.storing / number:.2f} ms a message")
    findings.add(
        "… CPU of the parsing processes", f"{1000 * cpu.parsing / number:.2f} ms a message"
    )
    findings.add("… CPU of PostgreSQL", f"{1000 * cpu.database / number:.2f} ms a message")
    findings.add(
        "… what two cores of their own would do", f"{2 * number / cpu.sum:,.0f} messages/s"
    )
    again, seconds, _ = timed_import(mailbox)
    if again.stored:
        raise RuntimeError(f"{again.stored} messages were stored twice")
    findings.add("The same files again (all known)", f"{number / seconds:,.0f} messages/s")
    findings.add("Peak memory, storing process", f"{peak_memory(os.getpid())} MB")
    findings.add("Peak memory, each parsing process", f"{parsing} MB")
    _describe(findings, number)
    _compare_with_notmuch(findings, number)
    return findings


def mailbox_of(owner: Membership) -> Mailbox:
    """Return the mailbox that everything is imported into."""
    return find_or_create_import_mailbox(
        owner.team, address=owner.user.email, owner=owner.user, sharing=Sharing.FULL, at=now()
    )


@dataclass(frozen=True, slots=True)
class Cpu:
    """CPU seconds of each kind of process."""

    storing: float
    parsing: float
    database: float

    @property
    def sum(self) -> float:
        return self.storing + self.parsing + self.database

    @classmethod
    def now(cls) -> Cpu:
        """What this process, those it started and waited for, and the backend it speaks to have used so far."""
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (backend,) = cursor.fetchone()
        parsing = children.ru_utime + children.ru_stime
        return cls(time.process_time(), parsing, cpu_seconds(backend))

    def __sub__(self, other: Cpu) -> Cpu:
        return Cpu(
            self.storing - other.storing,
            self.parsing - other.parsing,
            self.database - other.database,
        )


def timed_import(
    mailbox: Mailbox, paths: Sequence[Path] = ARCHIVES
) -> tuple[ImportResult, float, Cpu]:
    """Import, and return what came of it, how many seconds it took, and the CPU."""
    began, before = time.perf_counter(), Cpu.now()
    result = import_archives(paths, mailbox=mailbox, at=now(), creates_contacts=True)
    return result, time.perf_counter() - began, Cpu.now() - before


def _describe(findings: Findings, number: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database()) / 1024 / 1024")
        (size,) = cursor.fetchone()
    findings.remarks.append(
        f"{number:,} messages, {Contact.objects.count():,} contacts, {Activity.objects.count():,} activities,"
        f" {size:,} MB of database afterwards, the compressed sources included. Two processes parse, one stores."
    )


def _compare_with_notmuch(findings: Findings, number: int) -> None:
    """notmuch only indexes: no contacts, no timeline, no copy of the source. Only where it is installed."""
    if not shutil.which("notmuch"):
        return
    with tempfile.TemporaryDirectory(prefix="letterbook-bench-") as folder:
        mail = Path(folder, "mail")
        _unpack(mail)
        config = Path(folder, "config")
        config.write_text(f"[database]\npath={mail}\n")
        began = time.perf_counter()
        subprocess.run(
            ["notmuch", f"--config={config}", "new"], check=True, stdout=subprocess.DEVNULL
        )
        rate = number / (time.perf_counter() - began)
    findings.add("notmuch new, the same messages as files", f"{rate:,.0f} messages/s")


def _unpack(folder: Path) -> None:
    folder.mkdir()
    for archive in find_archives(ARCHIVES):
        for number, found in enumerate(read_archive(archive)):
            (folder / f"{archive.path.stem}-{number}").write_bytes(found.raw)
