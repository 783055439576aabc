"""The people of every test: alice owns a team, bob is her team-mate, charlie is a stranger with a team of his own.

Their mailboxes live in the fake Gmail, and are connected the way people connect them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
from django.core.cache import cache
from django.db import connection
from pytest_socket import disable_socket, enable_socket, socket_allow_hosts

from letterbook.contacts.keeping import create_contact
from letterbook.contacts.models import Contact
from letterbook.mailboxes.connecting import finish_connecting
from letterbook.mailboxes.consent import begin_connecting
from letterbook.mailboxes.models import Mailbox, Sharing, StoringPolicy
from letterbook.providers.fake_gmail.consent_page import CONSENT_PATH
from letterbook.providers.fake_gmail.in_process import FakeTransport
from letterbook.providers.fake_gmail.state import CLIENT_ID, CLIENT_SECRET
from letterbook.providers.fake_gmail.world import FakeGmail
from letterbook.teams.joining import found_team
from letterbook.teams.models import Membership, Role, User
from letterbook.web import opening_demo

NOW = datetime(2026, 11, 17, 9, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _only_this_machine() -> object:
    """No test speaks to anything but loopback and unix sockets."""
    socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)
    yield
    disable_socket(allow_unix_socket=True)
    enable_socket()


@pytest.fixture(autouse=True)
def _no_job_left_behind(request: pytest.FixtureRequest, django_db_blocker: Any) -> object:
    """Tests that commit leave no job to the next: Django empties its own tables after them, not the queue's."""
    yield
    marker = request.node.get_closest_marker("django_db")
    commits = marker is not None and marker.kwargs.get("transaction")
    if commits or "transactional_db" in request.fixturenames:
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_jobs")


@pytest.fixture(autouse=True)
def _no_demo_left_running(monkeypatch: pytest.MonkeyPatch) -> object:
    """Whoever presses every button opens the demo, too: none starts for real here, and none outlives its test."""
    lasting = (sys.executable, "-c", "import time; time.sleep(60)")
    monkeypatch.setattr(opening_demo, "_SERVE", lasting)
    yield
    opening_demo.close_demo()


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    """Making a password slow to guess is not what any test is about; three people a test would wait for it."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _nobody_typed_before() -> None:
    """Wrong passwords are counted by address for minutes, and every test signs in from the same one."""
    cache.clear()


@pytest.fixture
def at() -> datetime:
    """The present of the tests."""
    return NOW


@pytest.fixture
def alice(db: None, at: datetime) -> Membership:
    """Owner of the team Halden & Rowe."""
    user = User.objects.create_user(
        "alice@haldenrowe.example", "a long password", name="Alice Halden"
    )
    return found_team(user, name="Halden & Rowe", at=at)


@pytest.fixture
def bob(alice: Membership) -> Membership:
    """A member of alice's team."""
    user = User.objects.create_user("bob@haldenrowe.example", "a long password", name="Bob Rowe")
    return Membership.objects.create(team=alice.team, user=user, role=Role.MEMBER)


@pytest.fixture
def charlie(db: None, at: datetime) -> Membership:
    """A stranger: owner of another team."""
    user = User.objects.create_user(
        "charlie@elsewhere.example", "a long password", name="Charlie Else"
    )
    return found_team(user, name="Elsewhere", at=at)


@pytest.fixture
def gmail(settings: Any, at: datetime) -> FakeGmail:
    """A fake Gmail in Google's place; its clock stands at `at` and moves by `pass_time`."""
    world = FakeGmail(clock=lambda: at)
    settings.GOOGLE_CLIENT_ID = CLIENT_ID
    settings.GOOGLE_CLIENT_SECRET = CLIENT_SECRET
    settings.GOOGLE_TRANSPORT = FakeTransport(world)
    return world


Consent = Callable[..., dict[str, str]]


@pytest.fixture
def consent(gmail: FakeGmail) -> Consent:
    """Agree at the fake Google as a person would, and return the parameters it sends them back with."""

    def agree(
        url: str, *, account: str, decision: str = "allow", scopes: str | None = None
    ) -> dict[str, str]:
        asked = dict(parse_qsl(urlsplit(url).query))
        granted = asked["scope"] if scopes is None else scopes
        form = [*asked.items(), ("account", account), ("decision", decision)]
        form += [("granted", scope) for scope in granted.split()]
        with httpx.Client(transport=FakeTransport(gmail)) as browser:
            assert browser.get(url).status_code == 200
            origin = f"https://{urlsplit(url).netloc}"
            answer = browser.post(
                origin + CONSENT_PATH,
                content=urlencode(form),
                headers={"Content-Type": "application/x-www-form-urlencoded"},
            )
        return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))

    return agree


@pytest.fixture
def connect(gmail: FakeGmail, consent: Consent, at: datetime) -> Callable[..., Mailbox]:
    """Connect an account of the fake Gmail to a member's team, the whole way over Google's consent page."""

    def go(
        member: Membership,
        address: str,
        *,
        sharing: Sharing = Sharing.FULL,
        policy: StoringPolicy | None = None,
        aliases: tuple[str, ...] = (),
    ) -> Mailbox:
        if address.casefold() not in {one.casefold() for one in gmail._state.mailboxes}:
            gmail.create_account(address, name=member.user.name, aliases=aliases)
        session: dict[str, Any] = {}
        url = begin_connecting(member, session=session, sharing=sharing, policy=policy, at=at)
        answer = consent(url, account=address)
        return finish_connecting(
            member, session=session, state=answer["state"], code=answer["code"], at=at
        )

    return go


@pytest.fixture
def mailbox(alice: Membership, connect: Callable[..., Mailbox]) -> Mailbox:
    """alice's Gmail, shared in full."""
    return connect(alice, "alice@haldenrowe.example")


@pytest.fixture
def bobs_mailbox(bob: Membership, connect: Callable[..., Mailbox]) -> Mailbox:
    """bob's Gmail, private."""
    return connect(bob, "bob@haldenrowe.example", sharing=Sharing.PRIVATE)


@pytest.fixture
def make_contact(alice: Membership, at: datetime) -> Callable[..., Contact]:
    """Return a factory of contacts: alice's team's, unless another member is given."""

    def make(
        name: str, *addresses: str, member: Membership | None = None, **fields: str
    ) -> Contact:
        return create_contact(member or alice, name=name, addresses=addresses, at=at, **fields)

    return make
