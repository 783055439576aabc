"""One mailbox of fifty thousand letters, its worker killed again and again: the ledger against Gmail, one by one."""

from __future__ import annotations

import base64
import os
import signal
import time
from hashlib import sha256

import httpx

from bench.figures import Findings
from bench.surroundings import FakeServer, fake_gmail, peak_memory, wait_until, worker
from bench.team import a_team, connect, contacts_with
from letterbook.correspondence.models import LedgerState, MailboxMessage
from letterbook.incoming.models import RetrievalRun, RunKind
from letterbook.incoming.requesting import retrieve_soon
from letterbook.mailboxes.models import Mailbox

LETTERS = 50_000
LATER = 1_000
DEATHS = 5
STRANGER = 6  # every so manieth letter is a stranger's, of which nothing may be kept
_PEOPLE = [f"person{number}@elsewhere.example" for number in range(50)]
_SETTINGS = {"LETTERBOOK_WORKER_STALLED_SECONDS": "1", "LETTERBOOK_RETRIEVE_EVERY_SECONDS": "3600"}


def measure() -> Findings:
    """Fill the mailbox, read it over several deaths, lose its history, read it once more, and compare."""
    findings = Findings("A whole mailbox, and a worker that is killed")
    with fake_gmail() as fake:
        member = a_team()
        contacts_with(member, _PEOPLE)
        mailbox = connect(member, "whole@bench.example", fake)
        held = _fill(fake, mailbox, range(LETTERS))
        began = time.monotonic()
        retrieve_soon(mailbox.pk, kind=RunKind.FIRST)
        memory = _read_over_deaths(mailbox)
        seconds = time.monotonic() - began
        findings.add(
            f"{LETTERS:,} letters, over {DEATHS} kills", f"{LETTERS / seconds:,.0f} messages/s"
        )
        findings.add("Peak memory of the worker", f"{memory} MB")
        _compare(mailbox, fake, held)
        held |= _fill(fake, mailbox, range(LETTERS, LETTERS + LATER))
        _forget_history(fake, mailbox)
        retrieve_soon(mailbox.pk, kind=RunKind.SCHEDULED)
        _read_to_the_end(mailbox, len(held))
        _compare(mailbox, fake, held)
        findings.add("Compared with Gmail, message by message", f"{len(held):,} equal")
        fetched = httpx.get(f"{fake.url}/_fake/counts").json()["counts"]["messages.get"]
        findings.add("Letters fetched for that", f"{fetched:,}")
    findings.remarks.append(
        f"Then {LATER:,} more letters, a cursor that expired, and the listing that follows from it. Compared are ids,"
        " outcomes, labels and the bytes of every source; each sixth letter is a stranger's, never fetched."
    )
    return findings


def _raw(number: int) -> bytes:
    is_strange = number % STRANGER == 0
    sender = "stranger@nowhere.example" if is_strange else _PEOPLE[number % len(_PEOPLE)]
    return (
        f"From: {sender}\r\nTo: whole@bench.example\r\nSubject: Letter {number}\r\n"
        f"Message-ID: <{number}@bench.example>\r\n\r\nWords of letter {number}.\r\n"
    ).encode()


def _fill(fake: FakeServer, mailbox: Mailbox, numbers: range) -> dict[str, int]:
    """Let letters come; return their numbers by the ids that Gmail gave them."""
    given: dict[str, int] = {}
    with httpx.Client(base_url=f"{fake.url}/_fake/mailboxes/{mailbox.address}/") as client:
        for number in numbers:
            answer = client.post("messages", json={"raw": base64.b64encode(_raw(number)).decode()})
            given[answer.raise_for_status().json()["id"]] = number
    return given


def _forget_history(fake: FakeServer, mailbox: Mailbox) -> None:
    body = {"address": mailbox.address}
    httpx.post(f"{fake.url}/_fake/expired-history", json=body).raise_for_status()


def _read_over_deaths(mailbox: Mailbox) -> int:
    """Kill the worker at even shares of the work, the first one while it lists; return the last one's memory."""
    for share in range(DEATHS):
        with worker(concurrency=8, **_SETTINGS) as pid:
            wait_until(lambda share=share: _is_so_far(mailbox, share), what=f"share {share}")  # type: ignore[misc]
            os.kill(pid, signal.SIGKILL)
    return _read_to_the_end(mailbox, LETTERS)


def _is_so_far(mailbox: Mailbox, share: int) -> bool:
    rows = MailboxMessage.objects.filter(mailbox=mailbox)
    if share == 0:
        return rows.count() > LETTERS // 10
    settled = rows.exclude(state=LedgerState.WAITING).count()
    return settled >= LETTERS * share // (DEATHS + 1)


def _read_to_the_end(mailbox: Mailbox, number: int) -> int:
    with worker(concurrency=8, **_SETTINGS) as pid:
        wait_until(lambda: _is_at_rest(mailbox, number), what="the whole mailbox", seconds=900)
        return peak_memory(pid)


def _is_at_rest(mailbox: Mailbox, number: int) -> bool:
    rows = MailboxMessage.objects.filter(mailbox=mailbox).exclude(state=LedgerState.WAITING)
    if RetrievalRun.objects.filter(mailbox=mailbox, ended_at=None).exists():
        return False
    return rows.count() >= number


def _compare(mailbox: Mailbox, fake: FakeServer, held: dict[str, int]) -> None:
    """Raise unless the ledger is what Gmail holds: every id once, its outcome, its labels, its bytes."""
    told = httpx.get(f"{fake.url}/_fake/mailboxes/{mailbox.address}", timeout=60).json()
    labels = {one["id"]: set(one["labels"]) for one in told["messages"]}
    rows = MailboxMessage.objects.filter(mailbox=mailbox).select_related("message__source")
    seen: set[str] = set()
    for row in rows.iterator(chunk_size=2_000):
        number = held[row.provider_id]
        if not _is_as_held(row, number, labels[row.provider_id]):
            raise RuntimeError(f"{row.provider_id}, letter {number}: {row.state}, {row.labels}")
        seen.add(row.provider_id)
    if seen != set(labels) or len(seen) != len(held):
        raise RuntimeError(f"{len(seen)} rows for {len(labels)} messages")


def _is_as_held(row: MailboxMessage, number: int, labels: set[str]) -> bool:
    if number % STRANGER == 0:
        # Of a large mailbox a stranger's letter is never fetched, so that not even its labels are known.
        return row.state == LedgerState.SKIPPED and row.message is None
    if row.state != LedgerState.STORED or row.message is None:
        return False
    is_whole = bytes(row.message.source.sha256) == sha256(_raw(number)).digest()
    return is_whole and set(row.labels) == labels
