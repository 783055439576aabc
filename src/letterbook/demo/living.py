"""The process in which the demo's world goes on: contacts answer, new email comes, wrong addresses bounce."""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from letterbook.demo.answering import answer_letter, choose_answerer
from letterbook.demo.bouncing import Undelivered, report
from letterbook.demo.cast import TEXTS, agency, companies, everyone
from letterbook.demo.deliveries import Delivery, deliver, tell_story
from letterbook.demo.fake_control import Departed, FakeControl
from letterbook.demo.letters import Letter
from letterbook.demo.performing import Performance
from letterbook.demo.scripts import parse_scripts, read_scripts
from letterbook.demo.signing import signature_of
from letterbook.demo.starting import FILLED
from letterbook.mime.parsing import parse_message

_PATIENCE_SECONDS = 30.0
_LOOKS_EVERY_SECONDS = 1.0
_ANSWERS_AFTER = (5.0, 15.0)
_BOUNCES_AFTER = (3.0, 6.0)
_FIRST_PAUSES = (25.0, 35.0, 45.0)
_PAUSES = (50.0, 110.0)
# What was sent longer ago than this was answered before this process was started again.
_FORGOTTEN_AFTER = timedelta(seconds=60)


def main() -> None:
    """Fill the mailboxes once, then live until the parent ends."""
    base_url = os.environ["LETTERBOOK_GMAIL_API_URL"]
    filled = Path(os.environ["LETTERBOOK_HOME"]) / FILLED
    with FakeControl(base_url) as control:
        control.wait_until_answering(seconds=_PATIENCE_SECONDS)
        if not filled.exists():
            fill_mailboxes(control, at=datetime.now(UTC))
            filled.touch()
        world = World(control, random.Random())  # noqa: S311 - nobody is to be protected from it
        while True:
            world.go_on(at=datetime.now(UTC))
            time.sleep(_LOOKS_EVERY_SECONDS)


def fill_mailboxes(control: FakeControl, *, at: datetime) -> None:
    """Open the five accounts and put eight months of email into them."""
    open_accounts(control)
    for delivery in tell_story(at=at):
        control.put(delivery)


def open_accounts(control: FakeControl) -> None:
    """Open the account of each of the five, with their signature and a further address where they have one."""
    for one in (colleague.person for colleague in agency().colleagues):
        control.create_account(
            one.address, name=one.name, alias=one.other_address, signature=signature_of(one)
        )


@dataclass
class World:
    """What is about to happen, and what has been seen already."""

    control: FakeControl
    chance: random.Random
    seen: set[str] = field(default_factory=set)
    due: list[tuple[datetime, list[Delivery]]] = field(default_factory=list)
    next_letter_at: datetime | None = None
    letters_written: int = 0
    begun_at: datetime | None = None

    def go_on(self, *, at: datetime) -> None:
        """Let happen whatever is to happen by now."""
        self.begun_at = self.begun_at or at
        for departed in self.control.departed():
            if departed.gmail_message_id not in self.seen:
                self.seen.add(departed.gmail_message_id)
                self._react(departed, at=at)
        self._write_something_new(at=at)
        self._deliver_what_is_due(at=at)

    def _react(self, departed: Departed, *, at: datetime) -> None:
        if datetime.fromisoformat(departed.at) < (self.begun_at or at) - _FORGOTTEN_AFTER:
            return
        raw = self.control.read(departed.mailbox, departed.gmail_message_id)
        contact = choose_answerer(departed.recipients)
        if contact is not None:
            answers_at = self._later(at, _ANSWERS_AFTER)
            letter = answer_letter(raw, contact, at=answers_at, chance=self.chance)
            self.due.append((answers_at, list(deliver(letter, at=answers_at))))
        for address in _unknown(departed.recipients):
            self._bounce(departed, address, raw, at=self._later(at, _BOUNCES_AFTER))

    def _bounce(self, departed: Departed, address: str, raw: bytes, *, at: datetime) -> None:
        parsed = parse_message(raw)
        undelivered = Undelivered(
            sender=departed.mailbox,
            recipient=address,
            message_id=parsed.message_id,
            subject=parsed.subject,
        )
        delivery = Delivery(departed.mailbox, at, ("INBOX", "UNREAD"), report(undelivered, at=at))
        self.due.append((at, [delivery]))

    def _write_something_new(self, *, at: datetime) -> None:
        if self.next_letter_at is None:
            self.next_letter_at = at + timedelta(seconds=_FIRST_PAUSES[0])
        if at < self.next_letter_at:
            return
        letter = next_letter(self.letters_written, at=at, chance=self.chance)
        self.due.append((at, list(deliver(letter, at=at))))
        self.letters_written += 1
        if self.letters_written < len(_FIRST_PAUSES):
            self.next_letter_at = at + timedelta(seconds=_FIRST_PAUSES[self.letters_written])
        else:
            self.next_letter_at = self._later(at, _PAUSES)

    def _deliver_what_is_due(self, *, at: datetime) -> None:
        for due_at, deliveries in list(self.due):
            if due_at <= at:
                self.due.remove((due_at, deliveries))
                for delivery in deliveries:
                    self.control.put(delivery)

    def _later(self, at: datetime, seconds: tuple[float, float]) -> datetime:
        return at + timedelta(seconds=self.chance.uniform(*seconds))


def next_letter(number: int, *, at: datetime, chance: random.Random) -> Letter:
    """Return a new email from a contact: the ones written for today in order, then openings of other threads."""
    fresh = list(parse_scripts((TEXTS / "fresh.txt").read_text(encoding="utf-8")))
    if number < len(fresh):
        script = fresh[number]
        players = {role: everyone()[key] for role, key in script.cast.items()}
        return Performance(script, players, {}, chance).ended(at)[0]
    return chance.choice(list(_openings(chance))).ended(at)[0]


def _openings(chance: random.Random) -> Iterator[Performance]:
    """Yield a performance for each script that a contact begins."""
    clients = [company for company in companies() if company.kind == "client"]
    for script in read_scripts():
        company = chance.choice(clients)
        is_theirs = script.beats[0].role == "them" and "client" in script.suits
        if is_theirs and not script.needs and len(company.people) > 1:
            them, also = chance.sample(company.people, 2)
            players = {"them": them, "also": also, "me": everyone()[company.leads[0]]}
            players["mate"] = everyone()["priya" if company.leads[0] != "priya" else "tom"]
            project = chance.choice(company.projects)
            opening = replace(script, beats=script.beats[:1])
            yield Performance(opening, players, project, chance)


def _unknown(recipients: tuple[str, ...]) -> list[str]:
    known = {person.address for person in everyone().values()}
    known |= {person.other_address for person in everyone().values()}
    return [address for address in recipients if address.casefold() not in known]


if __name__ == "__main__":
    try:
        main()
    except (KeyboardInterrupt, httpx.ConnectError):
        # The fake Gmail ends when the demo does, often a moment before this process.
        sys.exit(0)
