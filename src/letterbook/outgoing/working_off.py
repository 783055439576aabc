"""Working off a mailbox's queue: one email after the other, over one connection, until nothing more may go now.

A lane is one worker's thread doing this. A mailbox has a few of them, on any hosts, and none of them is needed: what
one leaves behind, a later job or the sweep takes up.
"""

from __future__ import annotations

import time
from contextlib import closing
from datetime import timedelta
from uuid import UUID

from django.conf import settings

from letterbook.kit.stopping import is_asked_to_stop
from letterbook.mailboxes.models import Mailbox
from letterbook.mailboxes.opening import open_mailbox
from letterbook.outgoing.choosing import due_in
from letterbook.outgoing.claiming import Claim, Stopped, claim_next, tell_of
from letterbook.outgoing.clock import Clock
from letterbook.outgoing.delivery import attempt_delivery
from letterbook.outgoing.filing import SentEmail, file_copies
from letterbook.outgoing.holding_back import hold_back
from letterbook.outgoing.lines import Line
from letterbook.outgoing.models import OutgoingEmail
from letterbook.outgoing.pacing import day_reopens_at, find_room
from letterbook.outgoing.refusing import limit_sending
from letterbook.outgoing.scheduling import answer_wakes, wake_at, wake_now
from letterbook.providers.mail import MailProvider

# So that many mailboxes share the threads there are.
_LONGEST_SECONDS = 60.0
_MOST_TO_FILE = 25
_MOST_BYTES_TO_FILE = 5_000_000
_FILE_AFTER_SECONDS = 10.0
_LOOK_AT_THE_DAY_EVERY = 20


def work_off(mailbox_id: UUID, *, lane: int = 1, clock: Clock) -> None:
    """Deliver what a mailbox has due until nothing more may go now; the first lane asks for the others."""
    mailbox = Mailbox.objects.get(pk=mailbox_id)
    answer_wakes(mailbox_id, at=clock())
    with closing(open_mailbox(mailbox, clock=clock)) as provider:
        _Lane(mailbox, provider, lane=lane, clock=clock).run()


class _Lane:
    """One thread's way through a mailbox's queue, and what it has sent but not yet filed."""

    def __init__(
        self, mailbox: Mailbox, provider: MailProvider, *, lane: int, clock: Clock
    ) -> None:
        self._mailbox = mailbox
        self._line = Line(provider)
        self._number = lane
        self._clock = clock
        self._until = time.monotonic() + _LONGEST_SECONDS
        self._only_in_doubt = False
        self._claims = 0
        self._untold: list[OutgoingEmail] = []
        self._unfiled: list[SentEmail] = []
        self._filed_at = time.monotonic()

    def run(self) -> None:
        """Deliver until nothing more may go. What a defect leaves unfiled, the sweep finds."""
        goes_on = True
        while goes_on and self._may_go_on():
            claim = claim_next(
                self._mailbox.pk, only_in_doubt=self._only_in_doubt, at=self._clock()
            )
            goes_on = self._deliver(claim) if isinstance(claim, Claim) else self._stop(claim)
        self._file()

    def _may_go_on(self) -> bool:
        if is_asked_to_stop() or time.monotonic() > self._until:
            wake_now(self._mailbox.pk)
            return False
        room = find_room(self._mailbox.pk, at=self._clock())
        if room.opens_at is not None:
            wake_at(self._mailbox.pk, at=room.opens_at)
        if self._claims % _LOOK_AT_THE_DAY_EVERY == 0:
            self._look_at_the_day()
        return room.has_place and room.opens_at is None

    def _deliver(self, claim: Claim) -> bool:
        self._claims += 1
        self._untold.append(claim.email)
        self._tell()
        if self._claims == 1:
            self._wake_others()
        sent = attempt_delivery(claim, self._line, clock=self._clock)
        if sent is not None:
            self._untold.append(sent.email)
            self._unfiled.append(sent)
        self._file_when_many()
        return True

    def _stop(self, stopped: Stopped | None) -> bool:
        """Whether another email may still have its turn."""
        if stopped is None:
            return False
        if stopped.is_settled:
            return True
        if stopped.is_in_doubt or self._only_in_doubt:
            return False
        # What stopped one stops them all; only what may have been sent is still asked about.
        hold_back(self._mailbox, stopped.obstacle, at=self._clock())
        self._only_in_doubt = True
        return True

    def _wake_others(self) -> None:
        if self._number == 1 and due_in(self._mailbox.pk, at=self._clock())[:1]:
            for lane in range(2, settings.SENDS_AT_ONCE + 1):
                wake_now(self._mailbox.pk, lane=lane)

    def _look_at_the_day(self) -> None:
        """Stop the mailbox before Gmail does: each email over the limit would move its own date on."""
        until = day_reopens_at(self._mailbox, at=self._clock())
        if until is not None and until > self._clock() + timedelta(seconds=1):
            limit_sending(self._mailbox, until=until)

    def _file_when_many(self) -> None:
        size = sum(len(each.frozen.raw) for each in self._unfiled)
        is_old = time.monotonic() > self._filed_at + _FILE_AFTER_SECONDS
        if len(self._unfiled) >= _MOST_TO_FILE or size > _MOST_BYTES_TO_FILE or is_old:
            self._file()

    def _tell(self) -> None:
        """Let open pages hear of the last email that was sent together with the next one that is on its way."""
        told, self._untold = self._untold, []
        tell_of(told)

    def _file(self) -> None:
        self._tell()
        unfiled, self._unfiled = self._unfiled, []
        self._filed_at = time.monotonic()
        if unfiled:
            file_copies(self._mailbox, unfiled, at=self._clock())
