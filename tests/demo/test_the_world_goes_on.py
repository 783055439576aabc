"""What happens in the demo while somebody looks at it, on a fake Gmail over HTTP."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from letterbook.demo.cast import agency, everyone
from letterbook.demo.fake_control import FakeControl
from letterbook.demo.living import World, next_letter
from letterbook.mime.addresses import Address
from letterbook.mime.composing import Composition, compose
from letterbook.mime.parsing import ParsedMessage, parse_message
from letterbook.providers.fake_gmail.connecting import open_mailbox
from letterbook.providers.fake_gmail.server import serve
from letterbook.providers.fake_gmail.world import FakeGmail

PRIYA = "priya@haldenrowe.example"
A_LOT = timedelta(seconds=20)


@pytest.fixture
def gmail() -> FakeGmail:
    return FakeGmail(seed=1)


@pytest.fixture
def world(gmail: FakeGmail) -> Iterator[World]:
    with serve(gmail) as url, FakeControl(url) as control:
        for colleague in agency().colleagues:
            control.create_account(colleague.person.address, name=colleague.person.name)
        yield World(control, random.Random(1))


def test_a_contact_answers_in_the_same_thread_within_fifteen_seconds(gmail, world):
    sent = _send(gmail, "ruth@caldermuseum.example", subject="Panel 6", html="<p>A quote?</p>")
    at = datetime.now(UTC)
    world.go_on(at=at)
    world.go_on(at=at + timedelta(seconds=4))
    assert _received(gmail) == []
    world.go_on(at=at + timedelta(seconds=16))
    (answer,) = _received(gmail)
    assert answer.from_.email == "ruth@caldermuseum.example"
    assert answer.subject == "Re: Panel 6"
    assert answer.in_reply_to == sent.message_id
    assert "> A quote?" in answer.text
    assert answer.own_text.startswith("Dear Priya,")
    mailbox = gmail.mailbox(PRIYA)
    assert len({one.thread_id for one in mailbox.messages.values()}) == 1


def test_an_answer_to_an_answer_keeps_the_whole_chain(gmail, world):
    sent = _send(gmail, "ruth@caldermuseum.example", references=("1@x.example", "2@x.example"))
    at = datetime.now(UTC)
    world.go_on(at=at)
    world.go_on(at=at + A_LOT)
    (answer,) = _received(gmail)
    assert answer.references == ("1@x.example", "2@x.example", sent.message_id)


def test_one_email_is_answered_once(gmail, world):
    _send(gmail, "ruth@caldermuseum.example")
    at = datetime.now(UTC)
    for second in range(22):
        world.go_on(at=at + timedelta(seconds=second))
    assert len(_received(gmail)) == 1


def test_whoever_is_away_answers_automatically(gmail, world):
    assert everyone()["oliver"].is_away
    _send(gmail, "oliver@hollintea.example")
    at = datetime.now(UTC)
    world.go_on(at=at)
    world.go_on(at=at + A_LOT)
    (answer,) = _received(gmail)
    assert answer.is_automatic
    assert answer.subject.startswith("Automatic reply: ")


def test_an_address_that_nobody_has_bounces(gmail, world):
    sent = _send(gmail, "nobody@caldermuseum.example", subject="Größe")
    at = datetime.now(UTC)
    world.go_on(at=at)
    world.go_on(at=at + A_LOT)
    (mailbox,) = [gmail.mailbox(PRIYA)]
    raws = [one.content.raw for one in mailbox.messages.values() if "INBOX" in one.labels]
    (report,) = raws
    assert b"multipart/report" in report
    assert b"Final-Recipient: rfc822; nobody@caldermuseum.example" in report
    assert sent.message_id.encode() in report


def test_what_was_sent_long_ago_was_answered_by_the_process_before(gmail, world):
    _send(gmail, "ruth@caldermuseum.example")
    at = datetime.now(UTC) + timedelta(minutes=5)
    world.go_on(at=at)
    world.go_on(at=at + A_LOT)
    assert _received(gmail) == []


def test_new_email_comes_by_itself(gmail, world):
    at = datetime.now(UTC)
    for second in range(0, 240, 5):
        world.go_on(at=at + timedelta(seconds=second))
    came = _received(gmail)
    assert len(came) >= 3
    assert all(one.from_.email.endswith(".example") for one in came)


@pytest.mark.parametrize("number", [*range(16), 200, 201, 202, 203])
def test_there_is_always_something_new_to_write(number):
    at = datetime(2026, 11, 17, 9, 30, tzinfo=UTC)
    letter = next_letter(number, at=at, chance=random.Random(number))
    assert letter.at == at
    assert letter.to
    assert "{" not in letter.text


def _send(
    gmail: FakeGmail,
    to: str,
    *,
    subject: str = "The proof",
    html: str = "<p>Here it is.</p>",
    references: tuple[str, ...] = (),
) -> ParsedMessage:
    provider = open_mailbox(gmail, PRIYA)
    raw = compose(
        Composition(
            from_=Address("Priya Nair", PRIYA),
            to=(Address("", to),),
            cc=(),
            bcc=(),
            subject=subject,
            html=html,
            message_id="ours@haldenrowe.example",
            date=datetime.now(UTC),
            references=references,
        )
    )
    sent = provider.send_draft(provider.create_draft(raw).id)
    return parse_message(provider.fetch_message(sent.id).raw)


def _received(gmail: FakeGmail) -> list[ParsedMessage]:
    held = gmail.mailbox(PRIYA).messages.values()
    return [parse_message(one.content.raw) for one in held if "INBOX" in one.labels]
