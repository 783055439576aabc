"""Retrieving by real workers from a fake Gmail with a gate, and the comparison of the ledger with what Gmail holds."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

import psycopg
from django.conf import settings as django_settings
from django.db import connection
from django.db.models import Sum
from django.utils.timezone import now

from factories import a_contact, a_mailbox
from letterbook.contacts.models import ContactAddress
from letterbook.correspondence.models import LedgerState, MailboxMessage, Message, SkipReason
from letterbook.correspondence.sources import unpack_source
from letterbook.incoming.fetching import BATCH
from letterbook.incoming.models import CoverageCheck, RetrievalRun, RunKind
from letterbook.incoming.requesting import retrieve_soon
from letterbook.incoming.retrieval import retrieve
from letterbook.mailboxes.grants import keep_tokens
from letterbook.mailboxes.models import Mailbox
from letterbook.mailboxes.opening import open_mailbox
from letterbook.providers.fake_gmail.mailbox import StoredMessage
from letterbook.providers.fake_gmail.routes import find_call
from letterbook.providers.fake_gmail.state import CLIENT_ID, CLIENT_SECRET
from letterbook.providers.fake_gmail.wire import FakeRequest, Outcome
from letterbook.providers.fake_gmail.world import FakeGmail
from letterbook.teams.models import Membership
from letterbook.timeline.models import Activity
from letters import a_letter

ALICE = "alice@haldenrowe.example"
ANNA = "anna@lindwerk.example"
_READS = {"getProfile", "messages.list", "messages.get", "history.list", "oauth.refresh"}
# What a coverage check reads again of the account.
_READS |= {"sendAs.list", "labels.list"}
_HIDDEN = {"SPAM": SkipReason.SPAM, "TRASH": SkipReason.TRASH, "DRAFT": SkipReason.DRAFT}


@dataclass
class Hold:
    """One request that waits at the gate: `before` Gmail acts on it, or `after`, with the answer on its way.

    With a `query`, only listings with exactly this one are meant: a coverage check lists too, whenever it has its turn.
    """

    call: str
    number: int
    when: str
    query: str = ""
    reached: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)


class GatedGmail(FakeGmail):
    """A fake Gmail with short pages and a gate at which chosen requests are held."""

    def __init__(self, *, page: int = 25) -> None:
        super().__init__()
        self._page = page
        self._holds: list[Hold] = []
        self._turn = threading.Lock()

    def hold(self, call: str, number: int = 1, when: str = "before", query: str = "") -> Hold:
        """Hold the `number`-th of these calls from now on."""
        hold = Hold(call, number, when, query)
        with self._turn:
            self._holds.append(hold)
        return hold

    def open(self) -> None:
        """Let everything pass from now on."""
        with self._turn:
            for hold in self._holds:
                hold.released.set()
            self._holds.clear()

    def answer(self, request: FakeRequest) -> Outcome:
        """Answer as Gmail does, with the pause that was asked for."""
        hold = self._held(request)
        if hold and hold.when == "before":
            _wait_at_the_gate(hold)
        outcome = super().answer(replace(request, query=self._shortened(request)))
        if hold and hold.when == "after":
            _wait_at_the_gate(hold)
        return outcome

    def _held(self, request: FakeRequest) -> Hold | None:
        call = find_call(request)
        with self._turn:
            for hold in self._holds:
                is_meant = not hold.query or ("q", hold.query) in request.query
                if call and hold.call == call.name and is_meant and not hold.reached.is_set():
                    hold.number -= 1
                    if hold.number == 0:
                        return hold
        return None

    def _shortened(self, request: FakeRequest) -> tuple[tuple[str, str], ...]:
        # Gmail may give fewer than were asked for; many pages of few are what is wanted here.
        return tuple(
            (name, str(self._page) if name == "maxResults" else value)
            for name, value in request.query
        )


def _wait_at_the_gate(hold: Hold) -> None:
    hold.reached.set()
    hold.released.wait(60)


class ReadingOffice:
    """Alice's mailbox, Anna who writes to it, and workers that come and go."""

    def __init__(self, member: Membership, gmail: GatedGmail, url: str) -> None:
        self.member, self.gmail, self.url = member, gmail, url
        self.anna = a_contact(member, address=ANNA)
        # Long known: otherwise each retrieval would search for her old mail, and so make up for what it had lost.
        ContactAddress.objects.update(created_at=now() - timedelta(days=30))
        self.mailbox = self.connect(ALICE)
        self.workers: list[subprocess.Popen[bytes]] = []
        self.deaths = 0
        self._letters = 0

    def connect(self, address: str) -> Mailbox:
        """Open an account and connect it; nothing is retrieved or compared until it is asked for."""
        self.gmail.create_account(address)
        mailbox = a_mailbox(self.member, address=address)
        keep_tokens(mailbox, self.gmail.grant(address), at=now())
        Mailbox.objects.filter(pk=mailbox.pk).update(retrieve_next_at=now() + timedelta(days=1))
        # Otherwise the worker that starts in the minutes after its hourly turn compares, and heals what was planted.
        CoverageCheck.objects.create(
            team=mailbox.team, mailbox=mailbox, started_at=now(), ended_at=now()
        )
        return mailbox

    def arrive(self, number: int, *, address: str = ALICE) -> list[str]:
        """Let so many letters come: of every six one was sent to Anna, one archived, one is a stranger's."""
        return [self._arrive_one(address) for _ in range(number)]

    def change_much(self) -> None:
        """Let enough happen for three pages of history: letters, spam, a rescue, other labels, deletions."""
        account = self.gmail.mailbox(ALICE)
        old = self.gmail.ids(ALICE)
        spam, rescued = self.arrive(30)[:2]
        for message_id in (spam, rescued):
            account.relabel(message_id, add=frozenset({"SPAM"}), remove=frozenset({"INBOX"}))
        account.relabel(rescued, add=frozenset(), remove=frozenset({"SPAM"}))
        for message_id in old[:20]:
            account.relabel(message_id, add=frozenset({"STARRED"}), remove=frozenset({"UNREAD"}))
        for message_id in old[20:23]:
            account.remove(message_id)

    def _arrive_one(self, address: str) -> str:
        self._letters += 1
        kind = self._letters % 6
        sender = {0: "Stranger <s@elsewhere.example>", 1: address}.get(kind, f"Anna Lind <{ANNA}>")
        labels = {1: ("SENT",), 2: ()}.get(kind, ("INBOX", "UNREAD"))
        raw = a_letter(self._letters, sender=sender, to=ANNA if kind == 1 else address)
        received_at = now() - timedelta(hours=3) + timedelta(seconds=self._letters)
        return self.gmail.inject(address, raw, labels=labels, received_at=received_at)

    def hire(self, *, script: Sequence[str] = ("-m", "letterbook"), **settings: object) -> None:
        """Start a worker as an administrator does; `script` may be another one that ends in the same."""
        self.workers.append(
            subprocess.Popen(
                [sys.executable, *script, "worker", "--concurrency", "2"],
                env=self._environment(settings),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )

    def _environment(self, settings: dict[str, object]) -> dict[str, str]:
        database = connection.settings_dict
        seconds = {"WORKER_STALLED": 1, "RETRIEVE_EVERY": 3600, **settings}
        # Many workers start here: what the first one compiles serves them all, also where nothing is to be written.
        compiled = {
            "PYTHONDONTWRITEBYTECODE": "",
            "PYTHONPYCACHEPREFIX": f"{django_settings.HOME}/compiled",
        }
        return {
            **os.environ,
            **(compiled if sys.dont_write_bytecode else {}),
            **{f"LETTERBOOK_{name}_SECONDS": str(value) for name, value in seconds.items()},
            "DATABASE_URL": f"postgresql://{database['USER']}@/{database['NAME']}?host={database['HOST']}",
            "LETTERBOOK_GMAIL_API_URL": self.url,
            "LETTERBOOK_GOOGLE_TOKEN_URL": f"{self.url}/token",
            "LETTERBOOK_GOOGLE_CLIENT_ID": CLIENT_ID,
            "LETTERBOOK_GOOGLE_CLIENT_SECRET": CLIENT_SECRET,
        }

    def die(
        self, call: str, number: int = 1, when: str = "before", *, lock: str = "", query: str = ""
    ) -> None:
        """Kill a worker at a call; with `lock`, as soon as what it does next waits in PostgreSQL for that."""
        hold = self.gmail.hold(call, number, when, query)
        if not self.workers or self.workers[-1].poll() is not None:
            self.hire()
        wait_until(hold.reached.is_set, what=f"a worker at {call} {number}")
        if lock:
            with _locked(lock, self.mailbox):
                hold.released.set()
                wait_until(_somebody_waits, what=f"a worker at {lock}")
                self.kill()
        else:
            self.kill()
        self.gmail.open()

    def die_at_send(self, number: int) -> None:
        """Kill a worker that has fetched a whole batch at one of the next things it tells PostgreSQL (or Gmail)."""
        hold = self.gmail.hold("messages.get", BATCH, "after")
        self.hire()
        wait_until(hold.reached.is_set, what="a worker with a whole batch")
        with _struck_at_send(self.workers[-1].pid, number):
            self.gmail.open()
            self.workers[-1].wait(15)
        self.deaths += 1

    def kill(self) -> None:
        """End the last worker as a power cut does."""
        self.workers[-1].kill()
        self.workers[-1].wait()
        self.deaths += 1

    def read_once(self) -> None:
        """Retrieve everything in this process, undisturbed."""
        with closing(open_mailbox(self.mailbox)) as provider:
            retrieve(self.mailbox, provider=provider, kind=RunKind.FIRST, at=now())

    def ask(self, kind: RunKind = RunKind.SCHEDULED) -> None:
        """Ask for a retrieval of Alice's mailbox."""
        retrieve_soon(self.mailbox.pk, kind=kind)

    def finish(self) -> None:
        """Let a fresh worker bring everything to rest, compare, and see that one more retrieval finds nothing new."""
        if not self.workers or self.workers[-1].poll() is not None:
            self.hire()
        wait_until(is_quiet, what="quiet")
        check_retrieved(self.gmail, self.mailbox, contact_address=ANNA)
        self.ask()
        wait_until(is_quiet, what="quiet")
        last = RetrievalRun.objects.filter(mailbox=self.mailbox).latest("started_at")
        assert (last.listed, last.stored, last.error) == (0, 0, "")
        check_retrieved(self.gmail, self.mailbox, contact_address=ANNA)
        account = self.gmail.mailbox(self.mailbox.address)
        self.mailbox.refresh_from_db()
        assert self.mailbox.history_cursor == str(account.history_id)
        held = sum(len(self.gmail.ids(address)) for address in self.gmail.addresses)
        most = held + BATCH * self.deaths
        assert self.gmail.counts["messages.get"] <= most, "fetched again and again"

    def close(self) -> None:
        """Open the gate and end every worker that is still there."""
        self.gmail.open()
        self.gmail.stop_failing()
        for worker in self.workers:
            if worker.poll() is None:
                worker.kill()
            worker.wait()


def check_retrieved(gmail: FakeGmail, mailbox: Mailbox, *, contact_address: str) -> None:
    """Compare the ledger with what Gmail holds, message by message; both must be at rest."""
    rows = {
        row.provider_id: row
        for row in MailboxMessage.objects.filter(mailbox=mailbox).select_related("message__source")
    }
    assert len(rows) == MailboxMessage.objects.filter(mailbox=mailbox).count(), "a row twice"
    for held in gmail.mailbox(mailbox.address).messages.values():
        _compare(held, rows.pop(held.id, None), contact_address)
    for row in rows.values():
        assert row.state == LedgerState.GONE or row.is_removed_at_source, "a row of no message"
    _check_totals(mailbox)
    _check_rest(mailbox)
    assert not gmail.accepted, "a mail storm"
    assert set(gmail.counts) <= _READS, "something was written at Gmail"


def _compare(held: StoredMessage, row: MailboxMessage | None, contact_address: str) -> None:
    hidden = next((reason for label, reason in _HIDDEN.items() if label in held.labels), None)
    if hidden:
        # Listings leave these out; the history does not.
        assert row is None or (row.state, row.reason) == (LedgerState.SKIPPED, hidden)
        return
    assert row is not None, "missing"
    assert set(row.labels) == held.labels, "other labels"
    if contact_address.encode() not in held.content.raw:
        assert (row.state, row.reason) == (LedgerState.SKIPPED, SkipReason.NO_CONTACT)
        return
    assert row.state == LedgerState.STORED, f"{row.state} instead of stored"
    assert row.message is not None
    assert unpack_source(row.message.source.raw_zstd) == held.content.raw, "other bytes"
    assert Activity.objects.filter(message=row.message).count() == 1, "not once in the history"


def _check_totals(mailbox: Mailbox) -> None:
    """Every letter here is in one mailbox and with one contact, so all these are the same number.

    Only two runs at once may read a message twice; the second says so (`repeated`) and stores nothing.
    """
    stored = MailboxMessage.objects.filter(mailbox=mailbox, state=LedgerState.STORED).count()
    assert Message.objects.filter(copies__mailbox=mailbox).count() == stored
    assert Activity.objects.filter(message__copies__mailbox=mailbox).count() == stored
    runs = RetrievalRun.objects.filter(mailbox=mailbox)
    assert runs.aggregate(number=Sum("stored"))["number"] == stored, "stored twice"


def _check_rest(mailbox: Mailbox) -> None:
    mailbox.refresh_from_db()
    assert mailbox.is_connected
    assert (mailbox.listing_page, mailbox.retrieval_error) == (None, "")
    assert mailbox.history_cursor.isdigit(), "no cursor"
    assert mailbox.retrieved_at is not None
    assert not RetrievalRun.objects.filter(mailbox=mailbox, ended_at=None).exists(), "a run left"


def wait_until(is_so: Callable[[], bool], *, what: str, seconds: float = 150) -> None:
    """Wait until something is so, or fail saying what did not come."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.05)


def is_quiet() -> bool:
    """Whether no retrieval or poll is asked for or under way."""
    return not _ask(
        "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"
        " AND task_name IN ('retrieve_mailbox', 'poll_mailboxes')"
    )


def _somebody_waits() -> bool:
    return bool(
        _ask(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
    )


def _ask(question: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(question)
        (number,) = cursor.fetchone()
    return int(number)


@contextmanager
def _struck_at_send(pid: int, number: int) -> Iterator[None]:
    """Let the kernel kill a process when one of its threads begins its `number`-th send from now."""
    inject = f"inject=sendto:signal=SIGKILL:when={number}"
    command = ["strace", "-f", "-e", "trace=sendto", "-e", inject, "-p", str(pid)]
    strace = subprocess.Popen(command, stderr=subprocess.PIPE)
    try:
        assert strace.stderr is not None
        assert b"attached" in strace.stderr.readline(), "strace may not look at processes here"
        # It is busy with what it reads: without a reader it would stop, and the worker with it.
        threading.Thread(target=strace.stderr.read, daemon=True).start()
        yield
    finally:
        strace.terminate()
        strace.wait()
        strace.stderr.close()


# What a worker can be made to wait for in mid-transaction.
_LOCKS = {
    "the ledger": "LOCK TABLE correspondence_mailboxmessage IN SHARE MODE",
    "the activities": "LOCK TABLE timeline_activity IN SHARE MODE",
    "the run": "SELECT FROM incoming_retrievalrun WHERE mailbox_id = %s FOR NO KEY UPDATE",
    "the runs": "LOCK TABLE incoming_retrievalrun IN SHARE MODE",
    "the check": "SELECT FROM incoming_coveragecheck WHERE mailbox_id = %s FOR NO KEY UPDATE",
    "the mailbox": "SELECT FROM mailboxes_mailbox WHERE id = %s FOR NO KEY UPDATE",
}


@contextmanager
def _locked(name: str, mailbox: Mailbox) -> Iterator[None]:
    database = connection.settings_dict
    other = psycopg.connect(
        dbname=database["NAME"], user=database["USER"], host=database["HOST"], port=database["PORT"]
    )
    with other:
        lock = _LOCKS[name]
        other.execute(lock.encode(), [mailbox.pk] if "%s" in lock else None)
        yield
        other.rollback()
