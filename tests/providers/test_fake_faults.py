"""Each fault script does what it says: what the client sees, and whether Gmail acted."""

from __future__ import annotations

import time

import httpx
import pytest
from halden_rowe import ANN, BOB

from letterbook.providers import errors
from letterbook.providers.fake_gmail.connecting import open_mailbox
from letterbook.providers.fake_gmail.server import serve
from letterbook.providers.gmail.transport import open_transport


@pytest.fixture
def ann(world, way):
    """Not judged by the discovery document: faults are what it does not describe."""
    base_url, open_way = way
    transport = open_way()
    yield open_mailbox(world, ANN, base_url=base_url, transport=transport)
    transport.close()


# how, what the sender sees, how many emails left
SENDING = [
    ("refuse:400", errors.Rejected, 0),
    ("refuse:403", errors.TryLater, 0),
    ("refuse:403:daily", errors.TryLater, 0),
    ("refuse:403:scope", errors.PermissionMissing, 0),
    ("refuse:403:policy", errors.SetupWrong, 0),
    ("refuse:403:disabled", errors.SetupWrong, 0),
    ("refuse:404", errors.Gone, 0),
    ("refuse:413", errors.Rejected, 0),
    ("refuse:429", errors.TryLater, 0),
    ("refuse:429:sending", errors.TryLater, 0),
    ("refuse:429:concurrency", errors.TryLater, 0),
    ("refuse:500", errors.OutcomeUnknown, 0),
    ("refuse:503", errors.OutcomeUnknown, 0),
    ("drop_before", errors.OutcomeUnknown, 0),
    ("reset_before", errors.OutcomeUnknown, 0),
    ("act_then_drop", errors.OutcomeUnknown, 1),
    ("act_then_reset", errors.OutcomeUnknown, 1),
    ("act_then_half", errors.OutcomeUnknown, 1),
    ("act_then_500", errors.OutcomeUnknown, 1),
    ("act_then_503", errors.OutcomeUnknown, 1),
    ("broken_json", errors.OutcomeUnknown, 1),
    ("html", errors.OutcomeUnknown, 1),
    ("empty", errors.OutcomeUnknown, 1),
]


@pytest.mark.parametrize(("how", "seen", "left"), SENDING)
def test_a_send_that_fails_leaves_or_does_not_leave_as_the_script_says(
    world, ann, email, how, seen, left
):
    draft = ann.create_draft(email())
    world.fail("drafts.send", how)
    with pytest.raises(errors.ProviderError) as caught:
        ann.send_draft(draft.id)
    assert type(caught.value) is seen
    assert len(world.accepted) == left
    assert (ann.find_draft(draft.id) is None) == bool(left)
    if not left:
        ann.send_draft(draft.id)
    assert len(world.accepted) == 1


@pytest.mark.parametrize(
    ("how", "limit"),
    [
        ("refuse:403", "rate"),
        ("refuse:403:daily", "project"),
        ("refuse:429:sending", "daily_sending"),
        ("refuse:429:concurrency", "concurrency"),
    ],
)
def test_a_limit_names_itself(world, ann, how, limit):
    world.fail("getProfile", how)
    with pytest.raises(errors.TryLater) as caught:
        ann.read_profile()
    assert caught.value.limit == limit


@pytest.mark.parametrize("how", ["refuse:403", "refuse:429", "refuse:429:sending", "refuse:503"])
def test_a_refusal_can_say_when_to_come_back(world, ann, how):
    world.fail("getProfile", how, retry_after=300)
    with pytest.raises(errors.TryLater) as caught:
        ann.read_profile()
    assert (caught.value.retry_at - world.now()).total_seconds() == pytest.approx(300, abs=1)


@pytest.mark.parametrize("how", ["delay:0.2", "stall:0.2", "drip:0.0005"])
def test_a_slow_answer_is_slow_and_right(world, ann, how):
    world.fail("getProfile", how)
    started = time.monotonic()
    assert ann.read_profile().address == ANN
    assert time.monotonic() - started >= 0.05


def test_an_answer_later_than_the_client_waits_is_silence_after_acting(world, email):
    """F10: timeout after the full request. In process nobody sits the time out."""
    ann = open_mailbox(world, ANN)
    draft = ann.create_draft(email())
    world.fail("drafts.send", "delay:61")
    with pytest.raises(errors.OutcomeUnknown):
        ann.send_draft(draft.id)
    assert len(world.accepted) == 1


def test_a_fault_strikes_so_many_times_after_sparing_so_many(world, ann):
    world.fail("getProfile", "refuse:403", skip=2, times=2)
    seen = []
    for _ in range(6):
        try:
            ann.read_profile()
            seen.append("good")
        except errors.TryLater:
            seen.append("struck")
    assert seen == ["good", "good", "struck", "struck", "good", "good"]


def test_a_fault_can_be_for_one_mailbox_and_for_a_family_of_calls(world, ann, email):
    world.fail("drafts.*", "refuse:403", mailbox=BOB, times=100)
    draft = ann.create_draft(email())
    world.fail("drafts.*", "refuse:403", mailbox=ANN, times=100)
    ann.read_profile()
    with pytest.raises(errors.TryLater):
        ann.find_draft(draft.id)
    world.stop_failing()
    assert ann.find_draft(draft.id) == draft


def test_the_token_endpoint_can_fail_in_its_own_words(world, ann):
    world.expire_access_tokens(ANN)
    world.fail("oauth.refresh", "refuse:invalid_grant")
    with pytest.raises(errors.AccessRevoked):
        ann.read_profile()
    world.fail("oauth.refresh", "drop_before")
    with pytest.raises(errors.TryLater):
        ann.read_profile()
    assert ann.read_profile().address == ANN


@pytest.mark.parametrize("how", ["refuse", "explode", "delay:soon", "act_then_404", "refuse:12"])
def test_a_misspelt_fault_is_refused_when_it_is_written(world, how):
    with pytest.raises(ValueError, match="No such fault"):
        world.fail("*", how)


def test_a_reset_is_a_reset_on_the_wire(world):
    """The client must see RST where the script says so, and FIN where it says drop."""
    token = world.grant(ANN).access_token
    with serve(world) as url, httpx.Client(transport=open_transport(url)) as client:
        for how, seen in (
            ("act_then_reset", httpx.ReadError),
            ("act_then_drop", httpx.RemoteProtocolError),
        ):
            world.fail("getProfile", how)
            with pytest.raises(seen):
                client.get(
                    f"{url}/gmail/v1/users/me/profile",
                    headers={"Authorization": f"Bearer {token}"},
                )


class TestQuotas:
    def test_three_hundred_fetches_a_minute_are_allowed_and_no_more(self, world, ann, email):
        message_id = world.inject(ANN, email())
        world.behaviour.quota = "new"
        for _ in range(300):
            ann.fetch_headers(message_id, names=["Subject"])
        with pytest.raises(errors.TryLater) as first:
            ann.read_profile()
        with pytest.raises(errors.TryLater) as second:
            ann.read_profile()
        wait = (first.value.retry_at - world.now()).total_seconds()
        assert (first.value.limit, first.value.status, 59 <= wait <= 61) == ("rate", 403, True)
        assert second.value.retry_at > first.value.retry_at  # asking too early made it worse
        world.pass_time(wait + 5)
        ann.read_profile()

    def test_older_projects_may_fetch_more(self, world, ann, email):
        message_id = world.inject(ANN, email())
        world.behaviour.quota = "old"
        for _ in range(400):
            ann.fetch_headers(message_id, names=[])
        assert world.counts["messages.get"] == 400

    def test_one_users_quota_does_not_touch_another(self, world, ann):
        world.behaviour.quota = "new"
        ann.read_profile()
        world.behaviour.daily_sends = 1
        bob = open_mailbox(world, BOB)
        draft = bob.create_draft(f"From: {BOB}\r\nTo: {ANN}\r\n\r\n.".encode())
        bob.send_draft(draft.id)
        again = bob.create_draft(f"From: {BOB}\r\nTo: {ANN}\r\n\r\n.".encode())
        with pytest.raises(errors.TryLater) as caught:
            bob.send_draft(again.id)
        assert caught.value.limit == "daily_sending"
        assert (caught.value.retry_at - world.now()).total_seconds() == pytest.approx(86_400, abs=1)
        mine = ann.create_draft(f"From: {ANN}\r\nTo: {BOB}\r\n\r\n.".encode())
        ann.send_draft(mine.id)
        world.pass_time(86_401)
        bob.send_draft(again.id)
        assert len(world.accepted) == 3

    def test_too_many_requests_at_once_are_refused(self, world, ann):
        world.behaviour.latency = 0.01
        world.behaviour.concurrent_requests = 2
        ann.read_profile()
        ann.read_profile()  # this world's clock stands still: both are still running
        with pytest.raises(errors.TryLater) as caught:
            ann.read_profile()
        assert caught.value.limit == "concurrency"
        world.pass_time(1)
        ann.read_profile()
