"""What a page asks over and over is asked once, and never answered with somebody else's eyes."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import pytest

from letterbook.correspondence.access import reach_of
from letterbook.teams.asked_once import forget_answers, remember_answers
from letterbook.teams.models import Membership


@pytest.fixture
def _while_a_page_is_read() -> Iterator[None]:
    remember_answers()
    yield
    forget_answers()


@pytest.mark.usefixtures("_while_a_page_is_read")
def test_a_member_who_looks_as_a_team_mate_is_not_answered_as_themselves(alice, bob: Membership):
    """S76: in either order of asking."""
    looking = copy.copy(alice)
    looking.looking_as = bob
    assert reach_of(alice).narrowed_to is None
    assert reach_of(looking).narrowed_to is not None
    assert reach_of(alice).narrowed_to is None


@pytest.mark.usefixtures("_while_a_page_is_read")
def test_it_is_asked_once(alice, django_assert_num_queries):
    reach_of(alice)
    with django_assert_num_queries(0):
        reach_of(alice)
