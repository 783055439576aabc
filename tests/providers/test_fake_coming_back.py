"""What the fake Gmail brings back for addresses that nobody has."""

from __future__ import annotations

import pytest
from halden_rowe import ANN

from letterbook.mime.news import read_news
from letterbook.mime.parsing import parse_message


def send(mailbox, raw):
    return mailbox.send_draft(mailbox.create_draft(raw).id)


def came_back(mailbox):
    refs = mailbox.list_messages(labels=["INBOX"]).refs
    return [mailbox.fetch_message(ref.id) for ref in refs]


@pytest.mark.parametrize(
    ("address", "kind", "is_hard"),
    [
        ("nobody@bounces.example", "bounce", True),
        ("full@bounces.example", "bounce", False),
        ("late@bounces.example", "delay", False),
    ],
)
def test_a_report_comes_back_into_the_thread_of_the_email(ann, email, address, kind, is_hard):
    sent = send(ann, email(To=address))
    (back,) = came_back(ann)
    assert back.thread_id == sent.thread_id
    parsed = parse_message(back.raw)
    assert parsed.to[0].email == ANN
    report = read_news(back.raw, parsed)
    (outcome,) = report.outcomes
    assert (outcome.kind, outcome.addresses, outcome.is_hard) == (kind, (address,), is_hard)
    wire_id = parse_message(ann.fetch_message(sent.id).raw).message_id
    assert report.message_ids[0] == wire_id


def test_somebody_who_is_away_answers(ann, email):
    send(ann, email(To="away@bounces.example"))
    (back,) = came_back(ann)
    parsed = parse_message(back.raw)
    assert parsed.from_.email == "away@bounces.example"
    assert read_news(back.raw, parsed).back_on is not None


def test_nothing_comes_back_for_any_other_address(ann, email):
    send(ann, email(To="anna@lindwerk.example"))
    assert came_back(ann) == []
