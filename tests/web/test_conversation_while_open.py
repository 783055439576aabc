"""What a conversation tells of time: the sender's own clock, and what came since it was opened."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape

from django.urls import reverse

from browsing import as_member
from factories import a_contact, a_mailbox, a_message, a_thread, rewrite


def test_both_clocks_are_told_where_the_senders_lies(alice):
    """S81: in the conversation as on the contact's page."""
    wrong = a_message(a_mailbox(alice), a_contact(alice, "Anna Lind", "anna@lindwerk.example"))
    rewrite(wrong, date_header=datetime(2012, 1, 2, 10, tzinfo=UTC))
    page = as_member(alice).get(reverse("conversation", args=[wrong.thread_id])).content.decode()
    assert re.findall(r"Its own clock said[^>]*>([^<]+)", page) == ["2 Jan 2012, 10:00"]


def test_what_comes_while_the_conversation_is_open_is_marked_and_stays_so(alice):
    """S63: discreetly; what the team itself sent is no news."""
    box, anna = a_mailbox(alice), a_contact(alice, "Anna Lind", "anna@lindwerk.example")
    thread, browser = a_thread(alice), as_member(alice)
    a_message(box, anna, thread=thread)
    address = reverse("conversation", args=[thread.pk])
    page = browser.get(address).content.decode()
    assert "new-mark" not in page
    for _ in range(2):
        again = unescape(re.search(r'id="letters" hx-get="(\?[^"]+)"', page)[1])
        a_message(box, anna, thread=thread)
        a_message(box, anna, thread=thread, direction="out")
        page = browser.get(address + again, headers={"HX-Request": "true"}).content.decode()
    assert page.count("new-mark") == 2
