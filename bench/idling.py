"""Idling: a thousand quiet mailboxes, polled every minute by one worker."""

from __future__ import annotations

import os
import time
from pathlib import Path

from django.db import connection
from django.db.models import Count
from django.utils.timezone import now

from bench.figures import Findings
from bench.surroundings import cpu_seconds, fake_gmail, peak_memory, wait_until, worker
from bench.team import a_team, connect
from letterbook.incoming.models import RetrievalRun
from letterbook.mailboxes.models import Mailbox

MAILBOXES = 1000
MINUTES = 2


def measure() -> Findings:
    """Connect empty mailboxes, let each be read once, and watch the worker for some minutes."""
    findings = Findings("Idling")
    os.environ["LETTERBOOK_RETRIEVE_EVERY_SECONDS"] = "60"
    with fake_gmail() as fake:
        member = a_team()
        for number in range(MAILBOXES):
            connect(member, f"box{number}@bench.example", fake)
        with worker() as pid:
            Mailbox.objects.update(retrieve_next_at=now())
            wait_until(_is_each_read, what="the first retrievals", seconds=600)
            RetrievalRun.objects.all().delete()
            before, in_database, began = cpu_seconds(pid), _cpu_of_database(), time.monotonic()
            time.sleep(60 * MINUTES)
            used, seconds = cpu_seconds(pid) - before, time.monotonic() - began
            in_database = _cpu_of_database() - in_database
            memory = peak_memory(pid)
    runs = RetrievalRun.objects.filter(error="").exclude(ended_at=None)
    polled = runs.values("mailbox").annotate(times=Count("id")).filter(times__gte=MINUTES - 1)
    findings.add("Mailboxes polled every minute", f"{polled.count():,} of {MAILBOXES:,}")
    findings.add("Polls", f"{60 * runs.count() / seconds:,.0f} a minute")
    findings.add("CPU of the worker", f"{60 * used / seconds:.1f} s a minute")
    findings.add("… a poll", f"{1000 * used / max(1, runs.count()):.1f} ms")
    findings.add("CPU of PostgreSQL", f"{60 * in_database / seconds:.1f} s a minute")
    findings.add("Peak memory of the worker", f"{memory} MB")
    findings.remarks.append(
        "Nothing is new in any of them: a poll asks Gmail for the history and writes down that it did. PostgreSQL's"
        " share holds whatever else it does."
    )
    return findings


def _is_each_read() -> bool:
    return not Mailbox.objects.filter(retrieved_at=None).exists()


def _cpu_of_database() -> float:
    """What its processes have used that run now, and those that have ended (Linux)."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW data_directory")
        (folder,) = cursor.fetchone()
    postmaster = int((Path(folder) / "postmaster.pid").read_text().split()[0])
    fields = Path(f"/proc/{postmaster}/stat").read_text().rpartition(")")[2].split()
    ended = (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    return ended + sum(cpu_seconds(int(pid)) for pid in [postmaster, *children])
