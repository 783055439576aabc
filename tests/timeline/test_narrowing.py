"""A history narrowed: every filter, with nothing skipped or repeated while mail arrives, and nothing told by it."""

from __future__ import annotations

import functools
import itertools
import random
from datetime import timedelta

import pytest

from factories import START, a_contact, a_mailbox, a_message, a_note, is_known_of
from letterbook.correspondence.facts import FactKind, LaterFact
from letterbook.correspondence.models import Direction, MailboxMessage
from letterbook.kit.cursors import read_cursor
from letterbook.mailboxes.models import Sharing
from letterbook.timeline.keeping import write_activity
from letterbook.timeline.narrowing import TimelineFilter
from letterbook.timeline.reading import cursor_before, read_timeline

DAY = timedelta(days=1)
WAYS = (Direction.INCOMING, Direction.OUTGOING)


class History:
    """A contact with mail of several mailboxes, notes and calls, in any order and many at the same moment."""

    def __init__(self, alice, bob, at, seed):
        self.chance = random.Random(seed)
        self.people, self.at = (alice, bob), at
        self.kinds = itertools.cycle(["call", "note", "task"])
        self.contact = a_contact(alice)
        self.boxes = [
            a_mailbox(alice),
            a_mailbox(bob, sharing=Sharing.METADATA),
            a_mailbox(bob, sharing=Sharing.PRIVATE),
        ]
        for _ in range(20):
            self.add(START + self.chance.randrange(8) * DAY / 2)

    def add(self, moment):
        if self.chance.random() < 0.3:
            kind = next(self.kinds)
            return write_activity(
                self.chance.choice(self.people),
                self.contact,
                type=kind,
                text="Said so.",
                occurred_at=moment,
                at=self.at,
            )
        return self.add_email(moment)

    def add_email(self, moment):
        box, *others = self.chance.sample(self.boxes, 2)
        message = a_message(
            box,
            self.contact,
            direction=self.chance.choice(WAYS),
            at=moment,
            files=("a.pdf",) * self.chance.randrange(2),
            also_in=tuple(others[: self.chance.randrange(2)]),
        )
        if self.chance.random() < 0.3:
            self.bounce(box, message, at=moment)
        return message

    def bounce(self, box, message, *, at):
        LaterFact.objects.create(
            team_id=box.team_id,
            message=message,
            evidence=a_message(box, at=at),
            kind=FactKind.BOUNCE,
            recipient=self.contact.addresses.get().key,
            is_hard=True,
            at=at,
        )

    def filters(self):
        return {
            "everything": TimelineFilter(),
            "emails": TimelineFilter(type="email"),
            "calls": TimelineFilter(type="call"),
            "from them": TimelineFilter(direction="in"),
            "through bob": TimelineFilter(person_id=self.people[1].user_id),
            "in his private mailbox": TimelineFilter(mailbox_id=self.boxes[2].pk),
            "with files": TimelineFilter(has_files=True),
            "came back": TimelineFilter(has_failed=True),
            "two days": TimelineFilter(since=START + DAY, until=START + 3 * DAY),
            "files from them": TimelineFilter(direction="in", has_files=True, until=START + 3 * DAY),
        }  # fmt: skip


def ids_as_seen(history, member, wanted):
    """What a filter must give, told from the whole history as this member sees it."""
    whole = read_timeline(member, history.contact, limit=200).lines
    return [line.id for line in whole if is_wanted(history, member, line, wanted)]


def is_wanted(history, member, line, wanted):
    copies = boxes_seen(history, member, line)
    own = {box.owner_id for box in copies}
    through = own if line.direction == "in" else {line.user.pk if line.user else None}
    return (
        wanted.type in ("", line.type)
        and wanted.direction in ("", line.direction)
        and (wanted.person_id is None or wanted.person_id in through)
        and (wanted.mailbox_id is None or wanted.mailbox_id in {box.pk for box in copies})
        and (not wanted.has_files or bool(line.email and line.email.files))
        and (not wanted.has_failed or came_back(history, member, line))
        and (wanted.since is None or line.occurred_at >= wanted.since)
        and (wanted.until is None or line.occurred_at < wanted.until)
    )


def boxes_seen(history, member, line):
    held = holders_of(line.email.id) if line.email else set()
    return [box for box in history.boxes if box.pk in held and is_known_of(box, member)]


@functools.cache
def holders_of(message_id):
    held = MailboxMessage.objects.filter(message_id=message_id)
    return frozenset(held.values_list("mailbox_id", flat=True))


def came_back(history, member, line):
    if line.direction != "out":
        return False
    facts = LaterFact.objects.filter(message_id=line.email.id)
    seen = {box.pk for box in history.boxes if is_known_of(box, member)}
    return any(holders_of(one.evidence_id) & seen for one in facts)


@pytest.mark.parametrize("seed", [1, 2])
def test_pages_neither_skip_nor_repeat_under_any_filter_while_mail_arrives(alice, bob, at, seed):
    """S64, S85: as the owner and as a team-mate who may know of less."""
    history = History(alice, bob, at, seed)
    for name, wanted in history.filters().items():
        for member in (alice, bob):
            expected = ids_as_seen(history, member, wanted)
            found, cursor = [], ""
            while True:
                page = read_timeline(member, history.contact, wanted=wanted, cursor=cursor, limit=3)
                found += [line.id for line in page.lines]
                if not cursor:
                    history.add(START + 9 * DAY)
                if not (cursor := page.next_cursor):
                    break
            assert found == expected, name
            assert found or name == "in his private mailbox", name


def test_newer_pages_lead_back_over_the_same_lines(alice, bob, at):
    """From a day in the middle of a history to its newest line, and none twice."""
    history = History(alice, bob, at, seed=3)
    whole = [line.id for line in read_timeline(alice, history.contact, limit=200).lines]
    page = read_timeline(alice, history.contact, cursor=cursor_before(START + 2 * DAY), limit=5)
    assert page.lines[0].id in whole
    found = [line.id for line in page.lines]
    while page.newer_cursor:
        page = read_timeline(
            alice, history.contact, cursor=page.newer_cursor, is_newer=True, limit=4
        )
        found = [line.id for line in page.lines] + found
    assert found == whole[: len(found)]
    assert found[0] == whole[0]


def test_a_page_that_is_read_again_ends_where_it_ended_though_its_last_line_is_gone(alice, at):
    contact = a_contact(alice)
    notes = [a_note(alice, contact, at=START + number * DAY) for number in range(4)]
    page = read_timeline(alice, contact, limit=2)
    notes[2].delete()
    a_note(alice, contact, at=START + 9 * DAY)
    again = read_timeline(alice, contact, limit=9).down_to(read_cursor(page.next_cursor))
    assert [line.occurred_at for line in again.lines] == [START + 9 * DAY, START + 3 * DAY]
