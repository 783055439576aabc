"""Lists are read to their end, and not round and round."""

from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from letterbook.providers.errors import TryLater
from letterbook.providers.mail import MessagePage
from letterbook.providers.pages import all_pages


def a_list(names):
    """Asks for pages that name each other in this order; the first has no name."""
    following = dict(zip(["", *names], [*names, ""], strict=True))
    return lambda page: MessagePage((), following[page])


@given(st.lists(st.text(min_size=1), unique=True, max_size=8))
def test_each_page_is_read_once(names):
    assert [one.next_page for one in all_pages(a_list(names))] == [*names, ""]


@given(st.integers(0, 5), st.integers(1, 5))
def test_a_circle_is_left_when_it_closes(before, length):
    """However many pages lead to it, and however many it has."""
    names = [f"p{number}" for number in range(before + length)]
    following = dict(zip(["", *names], [*names, names[before]], strict=True))
    asked = []

    def ask(page):
        asked.append(page)
        return MessagePage((), following[page])

    with pytest.raises(TryLater, match="the same page"):
        list(islice(all_pages(ask), 100))
    assert asked == ["", *names]
