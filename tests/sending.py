"""A team that sends through the fake Gmail, a clock that tests move, and a worker that tests run, kill and revive."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime, timedelta
from uuid import UUID

import httpx
from django.db import connection
from pytest_django.fixtures import Settings

from factories import a_mailbox
from letterbook.mailboxes.grants import keep_tokens
from letterbook.mailboxes.models import Mailbox
from letterbook.mailboxes.opening import open_mailbox
from letterbook.mailboxes.states import mark_connected
from letterbook.outgoing.afterwards import record_copy, remove_provider_draft
from letterbook.outgoing.delivery import deliver
from letterbook.outgoing.drafts import DraftText, create_draft
from letterbook.outgoing.models import (
    Actor,
    DeliveryAttempt,
    FrozenEmail,
    OutgoingEmail,
    StatusChange,
)
from letterbook.outgoing.queueing import cancel, queue_email
from letterbook.outgoing.status import ALLOWED, ErrorClass, Outcome, Status
from letterbook.outgoing.sweeping import sweep
from letterbook.outgoing.working_off import work_off
from letterbook.providers.errors import TryLater
from letterbook.providers.fake_gmail.in_process import FakeTransport
from letterbook.providers.fake_gmail.state import CLIENT_ID, CLIENT_SECRET, Accepted
from letterbook.providers.fake_gmail.world import FakeGmail
from letterbook.teams.models import Membership

TEXT = DraftText(
    to="Anna Lind <anna@lindwerk.example>", subject="Proofs", html="<p>Here they are.</p>"
)


ADDRESS = "alice@haldenrowe.example"


class Clock:
    """The present, as far as the tests are concerned; Gmail and Letterbook share it."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_time(self, **units: float) -> None:
        """Move on."""
        self.now += timedelta(**units)


class Killed(BaseException):
    """The worker is dead: nothing after this line happened."""


class SendingWorld:
    """Alice's mailbox at the fake Gmail, and everything that is needed to send from it."""

    def __init__(
        self, member: Membership, settings: Settings, at: datetime, *, address: str = ADDRESS
    ) -> None:
        self.member = member
        self.clock = Clock(at)
        self.gmail = FakeGmail(clock=self.clock)
        self.settings = settings
        self.line = _line(settings)
        self.line.inner = FakeTransport(self.gmail)
        self.mailbox = self.connect(member, address)

    def connect(self, member: Membership, address: str) -> Mailbox:
        """Open an account at the fake Gmail and connect it."""
        self.gmail.create_account(address, name=member.user.name)
        mailbox = a_mailbox(member, address=address)
        keep_tokens(mailbox, self.gmail.grant(address), at=self.clock())
        return mailbox

    def write(self, **fields: str) -> OutgoingEmail:
        """Write a draft; any field of the text may be given."""
        text = DraftText(**{"to": TEXT.to, "subject": TEXT.subject, "html": TEXT.html, **fields})
        return create_draft(self.member, mailbox=self.mailbox, text=text, at=self.clock())

    def queue(self, email: OutgoingEmail | None = None, **fields: str) -> OutgoingEmail:
        """Queue a draft, by default a new one, and let its undo time pass."""
        email = email or self.write(**fields)
        queue_email(email, by=Actor.person(self.member), member=self.member, at=self.clock())
        self.clock.pass_time(seconds=self.settings.UNDO_SECONDS)
        return email

    def reconnect(self) -> None:
        """Give permission anew, as the owner does on the mailboxes page."""
        keep_tokens(self.mailbox, self.gmail.grant(self.mailbox.address), at=self.clock())
        mark_connected(self.mailbox, at=self.clock())
        self.clock.pass_time(minutes=1)

    def delete_everything_at_gmail(self) -> None:
        """Let nothing in the mailbox bear witness any more."""
        mailbox = self.gmail.mailbox(self.mailbox.address)
        mailbox.drafts.clear()
        for message_id in list(mailbox.messages):
            mailbox.remove(message_id)

    def change_draft(self, change: str) -> None:
        """Edit or delete the one draft in Gmail, as its owner can."""
        with closing(open_mailbox(self.mailbox, clock=self.clock)) as provider:
            (draft,) = provider.list_drafts()
            provider.delete_draft(draft.id)
            if change == "edited":
                edited = provider.create_draft(
                    b"To: anna@lindwerk.example\r\nSubject: Edited\r\n\r\n"
                )
                box = self.gmail.mailbox(self.mailbox.address)
                box.drafts[draft.id] = box.drafts.pop(edited.id)

    def send_draft_by_hand(self) -> None:
        """Press Send in Gmail on the one draft there is."""
        with closing(open_mailbox(self.mailbox, clock=self.clock)) as provider:
            (draft,) = provider.list_drafts()
            provider.send_draft(draft.id)

    def cancel(self, email: OutgoingEmail) -> None:
        """Make a queued email a draft again."""
        cancel(email, by=Actor.person(self.member), member=self.member, at=self.clock())

    @property
    def accepted(self) -> list[Accepted]:
        """What Gmail really sent."""
        return self.gmail.accepted

    @property
    def calls(self) -> dict[str, int]:
        """How often each call reached Gmail, but for the tokens."""
        return {
            name: count
            for name, count in self.gmail.counts.items()
            if "." in name or name == "getProfile"
        }

    def work(self, *, hours: float = 2) -> None:
        """Run the worker until nothing is left to do, or so many hours have passed."""
        end = self.clock() + timedelta(hours=hours)
        while self.clock() <= end:
            before = self._progress()
            sweep(at=self.clock())
            for name, arguments in self._take_due_jobs():
                self._run(name, arguments)
            if self._progress() == before and not self._move_to_next_job(end):
                return

    def _progress(self) -> tuple[int, int, int, int]:
        """What grows whenever a job did something; one that only found out that it is too early changes nothing."""
        return (
            sum(self.gmail.counts.values()),
            DeliveryAttempt.objects.count(),
            StatusChange.objects.count(),
            OutgoingEmail.objects.filter(message__isnull=False).count(),
        )

    def attempt(self, email: OutgoingEmail) -> OutgoingEmail:
        """Make one attempt now, whatever jobs there are, and return the email as it is then."""
        deliver(email.pk, clock=self.clock)
        email.refresh_from_db()
        return email

    def _take_due_jobs(self) -> list[tuple[str, dict[str, str]]]:
        with connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM procrastinate_jobs WHERE status = 'todo' AND coalesce(scheduled_at, %s) <= %s"
                " RETURNING task_name, args",
                [self.clock(), self.clock()],
            )
            return [
                (name, json.loads(found) if isinstance(found, str) else found)
                for name, found in cursor
            ]

    def forget_jobs(self, name: str = "") -> list[tuple[str, dict[str, str]]]:
        """Take away every job, of one kind or of all, and return them."""
        with connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM procrastinate_jobs WHERE %s IN ('', task_name) RETURNING task_name, args",
                [name],
            )
            return [
                (kind, json.loads(found) if isinstance(found, str) else found)
                for kind, found in cursor
            ]

    def _run(self, name: str, arguments: dict[str, str]) -> None:
        doors: dict[str, Callable[..., None]] = {
            "deliver_mailbox": self._work_off,
            "deliver_email": lambda email_id: deliver(UUID(email_id), clock=self.clock),
            "record_copy": self._record_copy,
            "remove_provider_draft": lambda frozen_id: remove_provider_draft(
                frozen_id, clock=self.clock
            ),
        }
        doors[name](**arguments)

    def _work_off(self, mailbox_id: str, lane: int = 1) -> None:
        work_off(UUID(mailbox_id), lane=lane, clock=self.clock)

    def _record_copy(self, email_id: str) -> None:
        # The worker repeats this job by itself; here the sweep asks for it again.
        with suppress(TryLater):
            record_copy(UUID(email_id), clock=self.clock)

    def _move_to_next_job(self, end: datetime) -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT min(scheduled_at) FROM procrastinate_jobs WHERE status = 'todo'")
            (next_at,) = cursor.fetchone()
        held = OutgoingEmail.objects.filter(status=Status.QUEUED, leased_until__gt=self.clock())
        times = [next_at, *held.values_list("leased_until", flat=True)]
        later = [one for one in times if one is not None]
        if not later or min(later) > end:
            return False
        # A moment later, so that the sweep finds what is overdue.
        self.clock.now = max(self.clock(), min(later)) + timedelta(
            seconds=self.settings.SWEEP_EVERY_SECONDS
        )
        return True

    @contextmanager
    def killing(self, call: int, *, before: bool) -> Iterator[None]:
        """Kill the worker right before or right after its `call`-th request reaches Gmail."""
        whole = self.line.inner
        self.line.inner = _KillingTransport(whole, call, before=before)
        try:
            yield
        except Killed:
            pass
        finally:
            self.line.inner = whole

    @contextmanager
    def interrupting(
        self, call: int, meanwhile: Callable[[], None], *, before: bool
    ) -> Iterator[None]:
        """Let a worker fall asleep at its `call`-th request while something else happens, then wake up and go on."""
        whole = self.line.inner
        sleeper = _SleepingTransport(
            whole, call, self._undisturbed(meanwhile, whole), before=before
        )
        self.line.inner = sleeper
        try:
            yield
        finally:
            self.line.inner = whole

    def _undisturbed(
        self, meanwhile: Callable[[], None], whole: httpx.BaseTransport
    ) -> Callable[[], None]:
        def run() -> None:
            self.line.inner = whole
            meanwhile()

        return run

    def check(self, email: OutgoingEmail) -> None:
        """Compare what Letterbook says of an email with what Gmail really sent: the promises of sending."""
        email.refresh_from_db()
        everything = list(self.accepted)
        keys = {str(key) for key in email.frozen.values_list("send_key", flat=True)}
        known = {str(key) for key in FrozenEmail.objects.values_list("send_key", flat=True)}
        accepted = [one for one in everything if one.send_key in keys]
        assert len(accepted) <= 1, "sent twice"
        # A key that was given up for another one, when the email was dated anew, is never sent.
        assert {one.send_key for one in everything} <= known, "sent twice"
        if email.status == Status.SENT:
            assert [one.gmail_message_id for one in accepted] == [email.gmail_message_id], (
                "sent, but Gmail never accepted it"
            )
            kept = {bytes(one.sha256).hex() for one in email.frozen.all()}
            assert {one.raw_sha256 for one in accepted} <= kept, "Gmail got other bytes"
            assert (email.due_at, email.leased_until) == (None, None), (
                "written to after it was sent"
            )
        elif email.error_class != ErrorClass.UNCONFIRMED:
            assert not accepted or email.status == Status.QUEUED, "sent, but called something else"
        check_story(email)


def check_story(email: OutgoingEmail) -> None:
    """The permanent log is a path of allowed moves in order of time that ends at the present status."""
    changes = list(email.status_changes.order_by("id"))
    assert [one.old for one in changes] == ["", *(one.new for one in changes[:-1])]
    assert all((one.old, one.new) in ALLOWED for one in changes[1:])
    assert changes[-1].new == email.status
    assert [one.at for one in changes] == sorted(one.at for one in changes)
    attempts = list(email.attempts.order_by("number"))
    accepted = [one for one in attempts if one.outcome == Outcome.ACCEPTED]
    assert len(accepted) == (email.status == Status.SENT)
    if email.status != Status.QUEUED:
        assert all(one.ended_at for one in attempts)


class _Line(httpx.BaseTransport):
    """What leads to Gmail; tests change what is at its other end, the settings stay."""

    inner: httpx.BaseTransport

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self.inner.handle_request(request)


def _line(settings: Settings) -> _Line:
    # Every change of a setting in a test nests it one deeper, and a test may make hundreds of worlds.
    if not isinstance(getattr(settings, "GOOGLE_TRANSPORT", None), _Line):
        settings.GOOGLE_CLIENT_ID, settings.GOOGLE_CLIENT_SECRET = CLIENT_ID, CLIENT_SECRET
        settings.GOOGLE_TRANSPORT = _Line()
    return settings.GOOGLE_TRANSPORT


class _SleepingTransport(httpx.BaseTransport):
    def __init__(
        self,
        inner: httpx.BaseTransport,
        call: int,
        meanwhile: Callable[[], None],
        *,
        before: bool,
    ) -> None:
        self._inner, self._left, self._before = inner, call, before
        self._meanwhile = meanwhile

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._left -= 1
        if self._left == 0 and self._before:
            self._meanwhile()
        response = self._inner.handle_request(request)
        if self._left == 0 and not self._before:
            self._meanwhile()
        return response


class _KillingTransport(httpx.BaseTransport):
    def __init__(self, inner: httpx.BaseTransport, call: int, *, before: bool) -> None:
        self._inner, self._left, self._before = inner, call, before

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._left -= 1
        if self._left < 0:
            raise Killed
        if self._left == 0 and self._before:
            raise Killed
        response = self._inner.handle_request(request)
        if self._left == 0:
            raise Killed
        return response
