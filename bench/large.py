"""Importing into a large history: ten thousand real emails at first, and as many after half a million others."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from bench.archives import ARCHIVES, Cpu, mailbox_of, timed_import
from bench.crowd import Size, make_crowd
from bench.figures import Findings
from bench.team import a_team
from letterbook.correspondence.models import Message
from letterbook.incoming.archives import find_archives, read_archive
from letterbook.incoming.importing import ImportResult

MESSAGES = 490_000
_IDS = re.compile(
    rb"^(?:Message-ID|References|In-Reply-To):[^\n]*(?:\n[ \t][^\n]*)*",
    re.IGNORECASE | re.MULTILINE,
)


def measure() -> Findings:
    """Import the lists, make the history, and import the lists once more as other emails."""
    findings = Findings("Importing into a large history")
    if missing := [each.name for each in ARCHIVES if not each.exists()]:
        findings.skipped = f"{', '.join(missing)} not found in ../shared/data."
        return findings
    owner = a_team()
    mailbox = mailbox_of(owner)
    first = _tell(findings, "The first messages", *timed_import(mailbox))
    make_crowd(owner, Size(messages=MESSAGES))
    before = Message.objects.count()
    with tempfile.TemporaryDirectory(prefix="letterbook-bench-") as folder:
        others = _other_emails(Path(folder, "others.mbox"))
        second = _tell(findings, f"After {before:,} messages", *timed_import(mailbox, [others]))
    for what, one, other in zip(("time", "CPU"), first, second, strict=True):
        findings.add(f"Rate then, by {what}", f"{100 * one / other:.0f} % of that at first")
    findings.remarks.append(
        "The emails are the same but for their Message-IDs; their people are contacts already the second time."
    )
    return findings


def _tell(
    findings: Findings, what: str, result: ImportResult, seconds: float, cpu: Cpu
) -> tuple[float, float]:
    findings.add(what, f"{result.stored / seconds:,.0f} messages/s")
    storing = 1000 * (cpu.storing + cpu.database) / result.stored
    findings.add("… CPU of storing and PostgreSQL", f"{storing:.2f} ms a message")
    return seconds / result.stored, cpu.sum / result.stored


def _other_emails(path: Path) -> Path:
    """Write the archives once more, every Message-ID another one."""
    with path.open("wb") as file:
        for archive in find_archives(ARCHIVES):
            for found in read_archive(archive):
                raw = _IDS.sub(lambda header: header[0].replace(b"<", b"<again."), found.raw)
                file.write(b"From again@bench.example Mon Jan  1 08:00:00 2024\n")
                file.write(raw.replace(b"\nFrom ", b"\n>From ") + b"\n\n")
    return path
