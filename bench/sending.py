"""Sending: from `queued` to `sent`, over HTTP through the fake Gmail, by one worker and by two."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta

import httpx
import psutil
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max, Min
from django.utils.timezone import now

from bench.figures import Findings
from bench.surroundings import (
    FakeServer,
    cpu_seconds,
    fake_gmail,
    peak_memory,
    wait_until,
    worker,
)
from bench.team import a_team, connect, contacts_with
from letterbook.mailboxes.models import Mailbox
from letterbook.outgoing.drafts import DraftText, create_draft
from letterbook.outgoing.models import Actor, DeliveryAttempt, OutgoingEmail
from letterbook.outgoing.pausing import pause_queue, resume_queue
from letterbook.outgoing.queueing import queue_email
from letterbook.outgoing.status import Status
from letterbook.teams.models import Membership

EMAILS = 1000
MAILBOXES = 20
DELAYS = (0, 150)
_PEOPLE = [f"person{number}@elsewhere.example" for number in range(1000)]
_CALLS_THAT_FOLLOW_ONE_ANOTHER = 3


@dataclass(frozen=True, slots=True)
class _Round:
    seconds: float
    own_cpu: float
    database_cpu: float
    memory: int
    transactions: float


def measure() -> Findings:
    """Send the same number of emails through a Gmail that answers at once, and through one that takes its time."""
    settings.UNDO_SECONDS = 0
    findings = Findings("Sending")
    member = a_team()
    contacts_with(member, _PEOPLE)
    with fake_gmail() as fake:
        mailboxes = [
            connect(member, f"box{number}@bench.example", fake) for number in range(MAILBOXES)
        ]
        for milliseconds in DELAYS:
            fake.behave(latency=milliseconds / 1000)
            for workers in (1, 2):
                done = _send(member, mailboxes, workers=workers)
                _tell(findings, done, milliseconds=milliseconds, workers=workers)
        calls = " ".join(_calls(fake))
    findings.remarks.append(
        f"{EMAILS:,} emails over {MAILBOXES} mailboxes of one team, queued while their mailboxes are paused and resumed"
        " at once, when the workers have started and have nothing to do; from the first attempt to the last `sent`. The"
        f" limit is what the delay allows: {_CALLS_THAT_FOLLOW_ONE_ANOTHER} calls an"
        f" email, one after the other, {settings.SENDS_AT_ONCE} emails of a mailbox at once, whatever the number of"
        " workers. The CPU is the workers' own, from then on, and includes bringing the copies into the history;"
        " PostgreSQL and the fake Gmail share the machine. Requests of each email:"
        f" {calls}; getProfile once a mailbox. Without the 45 emails a minute and mailbox that Letterbook keeps to."
    )
    return findings


def _tell(findings: Findings, done: _Round, *, milliseconds: int, workers: int) -> None:
    by = "one worker" if workers == 1 else "two workers"
    rate = f"{EMAILS / done.seconds:.0f} emails/s"
    if milliseconds:
        seconds = milliseconds / 1000 * _CALLS_THAT_FOLLOW_ONE_ANOTHER
        limit = MAILBOXES * settings.SENDS_AT_ONCE / seconds
        rate += f" of {limit:.0f} that the delay allows"
    findings.add(f"Gmail answers after {milliseconds} ms, {by}", rate)
    own = 1000 * done.own_cpu / EMAILS
    findings.add("… CPU of the workers", f"{own:.1f} ms an email, {done.memory} MB at most")
    findings.add(
        "… PostgreSQL",
        f"{1000 * done.database_cpu / EMAILS:.1f} ms of CPU, {done.transactions:.0f} transactions an email",
    )


def _send(member: Membership, mailboxes: list[Mailbox], *, workers: int) -> _Round:
    """Send one round and return what it took, from the moment at which workers with nothing to do may begin."""
    for mailbox in mailboxes:
        pause_queue(member, mailbox, at=now())
    emails = [_queue(member, mailboxes[number % MAILBOXES], number) for number in range(EMAILS)]
    mine = OutgoingEmail.objects.filter(pk__in=[each.pk for each in emails])
    with ExitStack() as office:
        pids = [
            office.enter_context(worker(LETTERBOOK_SENDS_PER_MINUTE="0")) for _ in range(workers)
        ]
        idle = _wait_until_idle(pids)
        before = _database_use()
        with transaction.atomic():
            for mailbox in mailboxes:
                resume_queue(member, mailbox, at=now())
        queued = OutgoingEmail.objects.filter(status=Status.QUEUED)
        wait_until(lambda: not queued.exists(), what="everything to be sent")
        wait_until(lambda: not mine.filter(message=None).exists(), what="the copies")
        own_cpu = sum(cpu_seconds(pid) for pid in pids) - idle
        memory = max(peak_memory(pid) for pid in pids)
        after = _database_use()
    attempts = DeliveryAttempt.objects.filter(email__in=mine)
    if attempts.count() != EMAILS:
        raise RuntimeError(f"{attempts.count()} attempts for {EMAILS} emails")
    told = attempts.aggregate(begun=Min("started_at"), ended=Max("ended_at"))
    # The next round shall not find its day used up.
    mine.update(sent_at=now() - timedelta(days=2))
    return _Round(
        seconds=(told["ended"] - told["begun"]).total_seconds(),
        own_cpu=own_cpu,
        database_cpu=after.cpu - before.cpu,
        memory=memory,
        transactions=(after.transactions - before.transactions) / EMAILS,
    )


def _wait_until_idle(pids: list[int]) -> float:
    """Wait until workers that just started have nothing to do; return how much CPU they have used for that."""
    used, before = 0.0, -1.0
    while used < 0.5 * len(pids) or used - before > 0.02 * len(pids):
        time.sleep(1)
        used, before = sum(cpu_seconds(pid) for pid in pids), used
    return used


@dataclass(frozen=True, slots=True)
class _DatabaseUse:
    """What PostgreSQL has done so far."""

    cpu: float
    transactions: int


def _database_use() -> _DatabaseUse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
        cursor.execute("SELECT sum(xact_commit) FROM pg_stat_database")
        (commits,) = cursor.fetchone()
    server = psutil.Process(backend).parent()
    # Its processes come and go: those that went are in their parent's account.
    gone = server.cpu_times()
    alive = sum(sum(one.cpu_times()[:2]) for one in server.children())
    return _DatabaseUse(gone.children_user + gone.children_system + alive, int(commits))


def _queue(member: Membership, mailbox: Mailbox, number: int) -> OutgoingEmail:
    text = DraftText(
        to=_PEOPLE[number % len(_PEOPLE)],
        subject=f"Offer {number}",
        html="<p>Here is what you asked for.</p>" * 20,
    )
    email = create_draft(member, mailbox=mailbox, text=text, at=now())
    queue_email(email, by=Actor.person(member), member=member, at=now())
    return email


def _calls(fake: FakeServer) -> list[str]:
    """The calls that each email was made of."""
    counts: dict[str, int] = httpx.get(f"{fake.url}/_fake/counts").json()["counts"]
    return [name for name, number in counts.items() if number >= EMAILS]
