"""Any order of arrival ends in the same threads."""

from __future__ import annotations

import uuid
from collections import defaultdict

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factories import a_mailbox
from letterbook.correspondence.models import Message, Thread, ThreadKey
from letterbook.correspondence.storing import store_copies
from letters import FIRST_DAY, a_copy, a_letter


def store(mailbox, *copies):
    return store_copies(mailbox, copies, own={}, at=FIRST_DAY)


def threads() -> set[frozenset[str]]:
    found = defaultdict(set)
    for message_id, thread_id in Message.objects.values_list("message_id", "thread_id"):
        found[thread_id].add(message_id.partition("@")[0])
    return {frozenset(each) for each in found.values()}


def test_a_reply_joins_what_it_answers(alice):
    mailbox = a_mailbox(alice)
    store(mailbox, a_copy(a_letter(1)))
    store(mailbox, a_copy(a_letter(2, answers=(1,))), a_copy(a_letter(3)))
    assert threads() == {frozenset({"1", "2"}), frozenset({"3"})}


def test_two_replies_find_each_other_through_an_email_nobody_has(alice):
    mailbox = a_mailbox(alice)
    store(mailbox, a_copy(a_letter(2, answers=(1,))))
    store(mailbox, a_copy(a_letter(3, answers=(1,))))
    assert threads() == {frozenset({"2", "3"})}


def test_the_missing_link_draws_two_threads_together_into_the_larger(alice):
    mailbox = a_mailbox(alice)
    store(mailbox, a_copy(a_letter(1)))
    store(mailbox, a_copy(a_letter(5)), a_copy(a_letter(6, answers=(5,))))
    larger = Message.objects.get(message_id__startswith="5").thread_id
    store(mailbox, a_copy(a_letter(7, answers=(1, 5))))
    assert threads() == {frozenset({"1", "5", "6", "7"})}
    assert Thread.objects.get().id == larger
    assert set(ThreadKey.objects.values_list("thread_id", flat=True)) == {larger}


def test_the_providers_threads_count_within_their_mailbox_only(alice, bob):
    mine, theirs = a_mailbox(alice), a_mailbox(bob)
    store(mine, a_copy(a_letter(1), thread="t1"), a_copy(a_letter(2), thread="t1"))
    store(theirs, a_copy(a_letter(3), thread="t1"))
    assert threads() == {frozenset({"1", "2"}), frozenset({"3"})}


def test_one_email_in_two_mailboxes_ties_their_threads_together(alice, bob):
    mine, theirs = a_mailbox(alice), a_mailbox(bob)
    store(mine, a_copy(a_letter(1), thread="x"), a_copy(a_letter(2), thread="x"))
    store(theirs, a_copy(a_letter(3), thread="y"))
    store(theirs, a_copy(a_letter(1), named="other", thread="y"))
    assert threads() == {frozenset({"1", "2", "3"})}


def test_threads_never_cross_teams(alice, charlie):
    store(a_mailbox(alice), a_copy(a_letter(1)))
    store(
        a_mailbox(charlie, address="charlie@elsewhere.example"), a_copy(a_letter(2, answers=(1,)))
    )
    assert Thread.objects.count() == 2


def test_an_email_without_any_id_is_a_thread_of_its_own(alice):
    raw = a_letter(1).replace(b"Message-ID: <1@lindwerk.example>\r\n", b"")
    copies = [a_copy(raw.replace(b"letter 1", each)) for each in (b"letter one", b"letter two")]
    store(a_mailbox(alice), *copies)
    assert Thread.objects.count() == 2


letters = st.lists(st.sets(st.integers(0, 11), max_size=3), min_size=2, max_size=9)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(answers=letters, order=st.randoms(use_true_random=False), size=st.integers(1, 4))
def test_any_order_of_storing_ends_in_the_same_threads(alice, answers, order, size):
    """Newest first, oldest first or shuffled, in batches of any size."""
    copies = [a_copy(a_letter(n, answers=tuple(refs))) for n, refs in enumerate(answers)]
    expected = _components(answers)
    order.shuffle(copies)
    Message.objects.all().delete()
    ThreadKey.objects.all().delete()
    mailbox = a_mailbox(alice, address=f"{uuid.uuid4()}@haldenrowe.example")
    for start in range(0, len(copies), size):
        store(mailbox, *copies[start : start + size])
    assert threads() == expected


def _components(answers: list[set[int]]) -> set[frozenset[str]]:
    """By brute force: letters that share an id they bear or name."""
    groups = [{n} | refs for n, refs in enumerate(answers)]
    for _ in groups:
        for one in groups:
            for other in groups:
                if one & other:
                    one |= other
                    other |= one
    return {frozenset(str(n) for n in range(len(answers)) if groups[n] & one) for one in groups}
