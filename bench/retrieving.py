"""Retrieving: twenty mailboxes of three hundred letters each, from the fake Gmail over HTTP, by one worker."""

from __future__ import annotations

import base64

import httpx
from django.db.models import Avg, Max, Min, Sum

from bench.figures import Findings
from bench.letters import a_letter
from bench.surroundings import (
    FakeServer,
    cpu_of_starting,
    cpu_seconds,
    fake_gmail,
    peak_memory,
    wait_until,
    worker,
)
from bench.team import a_team, connect, contacts_with
from letterbook.correspondence.models import Message
from letterbook.incoming.models import RetrievalRun, RunKind
from letterbook.incoming.requesting import retrieve_soon
from letterbook.mailboxes.models import Mailbox

MAILBOXES = 20
LETTERS = 300
_PEOPLE = [f"person{number}@elsewhere.example" for number in range(50)]


def measure() -> Findings:
    """Fill the mailboxes, let a worker read them, and tell how long that took from first listing to last storing."""
    findings = Findings("Retrieving")
    with fake_gmail() as fake:
        starting = cpu_of_starting()
        member = a_team()
        contacts_with(member, _PEOPLE)
        for number in range(MAILBOXES):
            mailbox = connect(member, f"box{number}@bench.example", fake)
            _fill(fake, mailbox.address, first=number * LETTERS)
            retrieve_soon(mailbox.pk, kind=RunKind.FIRST)
        before = cpu_seconds(fake.pid)
        with worker() as pid:
            wait_until(_is_everything_read, what="twenty mailboxes")
            seconds, number = _how_it_went()
            findings.add(
                f"{MAILBOXES} mailboxes of {LETTERS:,} letters, one worker",
                f"{number / seconds:,.0f} messages/s",
            )
            cpu = 1000 * (cpu_seconds(pid) - starting) / number
            findings.add("CPU of the worker", f"{cpu:.1f} ms a message")
            findings.add("Peak memory of the worker", f"{peak_memory(pid)} MB")
        fakes = 1000 * (cpu_seconds(fake.pid) - before) / number
    findings.remarks.append(
        f"Letters of {_size() / 1000:.0f} KB, all with a contact; no quota; each message is one request. The fake Gmail"
        f" runs on the same machine and takes {fakes:.1f} ms of CPU a message itself. Google allows about 300 a minute"
        " and mailbox: this figure is how many mailboxes one worker can serve, not how soon one is read."
    )
    return findings


def _fill(fake: FakeServer, address: str, *, first: int) -> None:
    with httpx.Client(base_url=f"{fake.url}/_fake/mailboxes/{address}/") as client:
        for number in range(first, first + LETTERS):
            answers = number - 1 if number % 4 else 0
            sender = _PEOPLE[number % len(_PEOPLE)]
            raw = a_letter(number + 1, sender=sender, to=address, answers=answers)
            client.post("messages", json={"raw": base64.b64encode(raw).decode()}).raise_for_status()


def _is_everything_read() -> bool:
    return not Mailbox.objects.filter(retrieved_at=None).exists()


def _size() -> float:
    return float(Message.objects.aggregate(mean=Avg("size"))["mean"])


def _how_it_went() -> tuple[float, int]:
    told = RetrievalRun.objects.aggregate(
        begun=Min("started_at"), ended=Max("ended_at"), stored=Sum("stored")
    )
    if told["stored"] != MAILBOXES * LETTERS:
        raise RuntimeError(f"{told['stored']} of {MAILBOXES * LETTERS} were stored")
    return (told["ended"] - told["begun"]).total_seconds(), told["stored"]
