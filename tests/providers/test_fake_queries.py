"""Gmail's search language, as far as it is asked."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from halden_rowe import ANN

from letterbook.providers.fake_gmail.connecting import open_mailbox


@pytest.fixture
def found(world, email):
    """Ask ann's mailbox of five emails; the answer is the words after `No` in their subjects."""
    mails = {
        "one": ({"From": "Bo <bo@x.example>", "To": ANN}, ["INBOX", "UNREAD"], (2026, 11, 16)),
        "two": ({"From": "notbo@x.example", "To": ANN}, ["INBOX"], (2026, 11, 10)),
        "three": (
            {"From": ANN, "To": "cy@y.example", "Cc": "bo@x.example"},
            ["SENT"],
            (2025, 1, 2),
        ),
        "four": ({"From": "cy@y.example", "To": "BO@X.example"}, ["SPAM"], (2026, 11, 16)),
        "five": ({"From": ANN, "To": "dee@z.example"}, ["Label_1"], (2024, 5, 6)),
    }
    names = {}
    world.mailbox(ANN).user_labels["Label_1"] = "Big Orders"
    for word, (headers, labels, day) in mails.items():
        raw = email(Subject=f"No {word}", Message_ID=f"<{word}@x.example>", **headers)
        raw += b"Content-Disposition: attachment" if word == "five" else b""
        at = datetime(*day, tzinfo=UTC)
        names[world.inject(ANN, raw, labels=labels, received_at=at)] = word
    box = open_mailbox(world, ANN)
    return lambda query: [names[ref.id] for ref in box.list_messages(query=query).refs]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "one two three five"),
        ("from:bo@x.example", "one"),
        ("from:x.example", "one two"),
        ("FROM:Bo", "one"),
        ("to:bo@x.example", ""),
        ("cc:bo@x.example", "three"),
        ("{from:bo@x.example to:bo@x.example cc:bo@x.example}", "one three"),
        ("from:bo@x.example OR cc:bo@x.example", "one three"),
        ("from:{bo@x.example notbo@x.example}", "one two"),
        ("from:(x.example bo)", "one"),
        ("-from:x.example", "three five"),
        ("-{from:x.example in:sent}", "five"),
        ("in:sent", "three"),
        ("in:inbox is:unread", "one"),
        ("in:spam", "four"),
        ("in:anywhere from:y.example", "four"),
        ("to:bo@x.example in:anywhere", "four"),
        ('subject:"no two"', "two"),
        ("rfc822msgid:<three@x.example>", "three"),
        ("rfc822msgid:three@x.example", "three"),
        ("rfc822msgid:absent@x.example", ""),
        ("after:2026/11/10", "one two"),
        ("after:2026/11/10 before:2026/11/16", "two"),
        ("before:2025/01/01", "five"),
        (f"after:{int(datetime(2026, 11, 15, tzinfo=UTC).timestamp())}", "one"),
        ("newer_than:3d", "one"),
        ("older_than:1y", "three five"),
        ('label:"big orders"', "five"),
        ("has:attachment", "five"),
        ('"good morning" dee', "five"),
        ("nothing-like-this", ""),
    ],
)
def test_a_query_finds_what_it_asks_for_newest_first(found, query, expected):
    assert found(query) == expected.split()


def test_recipients_asked_for_as_one_group_are_found_in_pages(world, email):
    """The client's first retrieval asks for known contacts only."""
    ids = [world.inject(ANN, email(From=f"c{number % 3}@x.example")) for number in range(9)]
    box = open_mailbox(world, ANN)
    query = "{from:c0@x.example to:c0@x.example from:c1@x.example}"
    page, seen = box.list_messages(query=query, limit=4), []
    seen += page.refs
    while page.next_page:
        page = box.list_messages(query=query, limit=4, page=page.next_page)
        seen += page.refs
    wanted = [one for number, one in enumerate(ids) if number % 3 != 2]
    assert [ref.id for ref in seen] == wanted[::-1]
