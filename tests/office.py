"""Real workers in processes of their own, at a fake Gmail that answers over HTTP: they come, go, and are killed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from django.db import connection
from django.utils.timezone import now

from letterbook.outgoing.models import OutgoingEmail
from letterbook.outgoing.status import Status
from letterbook.providers.fake_gmail.server import serve
from sending import SendingWorld

# Short times, so that leases run out and sweeps come within a test.
TIMES = {
    "UNDO": 0.1,
    "PROVIDER_TIMEOUT": 0.5,
    "DELIVERY_LEASE": 2,
    "UNCONFIRMED_AFTER": 30,
    "SWEEP_EVERY": 1,
    "WORKER_STALLED": 1,
    "RETRIEVE_EVERY": 3600,
}


class Office:
    """The fake Gmail as a server, and workers that come and go."""

    def __init__(self, sending: SendingWorld, url: str) -> None:
        self.sending = sending
        self.workers: list[subprocess.Popen[bytes]] = []
        database = connection.settings_dict
        self._environment = {
            **os.environ,
            **{f"LETTERBOOK_{name}_SECONDS": str(seconds) for name, seconds in TIMES.items()},
            "DATABASE_URL": f"postgresql://{database['USER']}@/{database['NAME']}?host={database['HOST']}",
            "LETTERBOOK_GMAIL_API_URL": url,
            "LETTERBOOK_GOOGLE_TOKEN_URL": f"{url}/token",
            "LETTERBOOK_GOOGLE_CLIENT_ID": sending.settings.GOOGLE_CLIENT_ID,
            "LETTERBOOK_GOOGLE_CLIENT_SECRET": sending.settings.GOOGLE_CLIENT_SECRET,
        }

    def hire(
        self,
        *,
        provider_timeout: float = TIMES["PROVIDER_TIMEOUT"],
        program: Sequence[str] = ("-m", "letterbook"),
    ) -> subprocess.Popen[bytes]:
        """Start a worker as an administrator does, or a program that is one but for something."""
        timeout = {"LETTERBOOK_PROVIDER_TIMEOUT_SECONDS": str(provider_timeout)}
        worker = subprocess.Popen(
            [sys.executable, *program, "worker", "--concurrency", "2", "--lanes", "4"],
            env=self._environment | timeout,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.workers.append(worker)
        return worker

    def queue(self, **fields: str) -> OutgoingEmail:
        """Queue an email as of this moment."""
        self.sending.clock.now = now()
        return self.sending.queue(**fields)

    def queue_and_strike(self, call: str, how: str) -> OutgoingEmail:
        """Queue an email and wait until a worker hangs at this call."""
        self.sending.gmail.fail(call, how)
        before = self.sending.calls.get(call, 0)
        email = self.queue()
        wait_until(lambda: self.sending.calls.get(call, 0) > before, what=f"a worker at {call}")
        return email

    def wait_until_sent(self, email: OutgoingEmail) -> None:
        """Wait for the end of an email and check that it is the right one."""
        wait_until(lambda: _status(email) != Status.QUEUED, what="the end of the email")
        self.sending.check(email)
        assert email.status == Status.SENT
        mine = {str(key) for key in email.frozen.values_list("send_key", flat=True)}
        assert len([one for one in self.sending.accepted if one.send_key in mine]) == 1

    def wait_until_all_are_sent(self, emails: Sequence[OutgoingEmail]) -> None:
        """Wait for the end of many emails and check that each was accepted once, and nothing else."""
        wait_until(
            lambda: not OutgoingEmail.objects.filter(status=Status.QUEUED).exists(),
            what="an empty queue",
        )
        for email in emails:
            self.sending.check(email)
            assert email.status == Status.SENT
        assert len(self.sending.accepted) == len(emails)

    def close(self) -> None:
        """End every worker that is still there."""
        for worker in self.workers:
            if worker.poll() is None:
                worker.kill()
            worker.wait()


def wait_until(is_so: Callable[[], bool], *, what: str, seconds: float = 150) -> None:
    """Wait until something is so, or fail saying what did not come."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.05)


def _status(email: OutgoingEmail) -> str:
    return OutgoingEmail.objects.values_list("status", flat=True).get(pk=email.pk)


@contextmanager
def an_office(sending: SendingWorld) -> Iterator[Office]:
    """The office, with its doors closed at the end."""
    sending.settings.UNDO_SECONDS = TIMES["UNDO"]
    with serve(sending.gmail) as url:
        office = Office(sending, url)
        try:
            yield office
        finally:
            sending.gmail.stop_failing()
            office.close()
