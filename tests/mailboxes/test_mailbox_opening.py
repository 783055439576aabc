"""An opened mailbox keeps its own token fresh, asks Google as rarely as possible, and stops when permission ends."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx
import pytest
from django.db import connection
from django.utils import timezone

from letterbook.mailboxes.models import Grant, Mailbox, MailboxState
from letterbook.mailboxes.opening import open_mailbox
from letterbook.mailboxes.states import mark_connected, mark_needs_reconnecting
from letterbook.providers.errors import AccessRevoked, PermissionMissing, TryLater
from letterbook.teams.events import CHANNEL
from letterbook.teams.models import AuditEntry


def expires_in(mailbox, seconds):
    expires_at = timezone.now() + timedelta(seconds=seconds)
    Grant.objects.filter(pk=mailbox.pk).update(access_expires_at=expires_at)


def test_a_fresh_token_is_used_without_asking_google(mailbox, gmail):
    open_mailbox(mailbox).read_profile()
    assert "oauth.refresh" not in gmail.counts


def test_a_token_is_refreshed_a_minute_before_it_ends(mailbox, gmail):
    """S30: and the fresh one is kept for everybody else."""
    expires_in(mailbox, 59)
    open_mailbox(mailbox).read_profile()
    open_mailbox(mailbox).read_profile()
    assert gmail.counts["oauth.refresh"] == 1


def test_a_provider_that_stays_open_for_hours_refreshes_on_the_way(mailbox, gmail):
    now = [timezone.now()]
    provider = open_mailbox(mailbox, clock=lambda: now[0])
    for _ in range(3):
        provider.read_profile()
        now[0] += timedelta(hours=1)
    assert gmail.counts["oauth.refresh"] == 2


def test_a_401_refreshes_once_and_the_request_goes_through(mailbox, gmail):
    """S30, F14: Gmail forgot the token before its time."""
    gmail.expire_access_tokens(mailbox.address)
    assert open_mailbox(mailbox).read_profile().address == mailbox.address
    assert gmail.counts["oauth.refresh"] == 1


def test_a_token_that_another_worker_refreshed_is_taken_over(mailbox, gmail):
    provider, other = open_mailbox(mailbox), open_mailbox(mailbox)
    provider.read_profile()
    other.read_profile()
    gmail.expire_access_tokens(mailbox.address)
    provider.read_profile()
    other.read_profile()
    assert gmail.counts["oauth.refresh"] == 1


def test_a_revoked_permission_stops_the_mailbox_with_a_reason(mailbox, gmail, at):
    gmail.revoke(mailbox.address)
    provider = open_mailbox(mailbox)
    with pytest.raises(AccessRevoked):
        provider.read_profile()
    mailbox.refresh_from_db()
    assert mailbox.state == MailboxState.NEEDS_RECONNECTING
    assert mailbox.state_reason == "Google no longer accepts this mailbox's permission."
    assert not Mailbox.objects.due(at=at + timedelta(days=1)).exists()


def test_once_it_needs_reconnecting_google_is_not_asked_again(mailbox, gmail):
    gmail.revoke(mailbox.address)
    for _ in range(3):
        with pytest.raises(AccessRevoked, match="no longer accepts"):
            open_mailbox(mailbox).read_profile()
    assert gmail.counts["oauth.refresh"] == 1


def test_a_permission_that_shrank_needs_reconnecting_too(mailbox, gmail):
    gmail._state.grants[0].scopes = frozenset({"https://www.googleapis.com/auth/gmail.readonly"})
    expires_in(mailbox, 0)
    with pytest.raises(PermissionMissing):
        open_mailbox(mailbox).read_profile()
    mailbox.refresh_from_db()
    assert mailbox.state == MailboxState.NEEDS_RECONNECTING


def test_a_google_that_cannot_be_reached_leaves_the_mailbox_as_it_is(mailbox, settings):
    def unreachable(request):
        raise httpx.ConnectError("no route")

    settings.GOOGLE_TRANSPORT = httpx.MockTransport(unreachable)
    expires_in(mailbox, 0)
    with pytest.raises(TryLater):
        open_mailbox(mailbox).read_profile()
    mailbox.refresh_from_db()
    assert mailbox.state == MailboxState.CONNECTED


def test_a_server_that_rotates_refresh_tokens_is_followed(mailbox, gmail, settings):
    """Google does not, but any compatible server may."""
    settings.GOOGLE_TRANSPORT = httpx.MockTransport(
        lambda request: httpx.Response(
            200,
            json={
                "access_token": "fresh access",
                "refresh_token": "fresh refresh " + request.read().decode()[-5:],
                "expires_in": 3600,
                "scope": "https://mail.google.com/",
            },
        )
    )
    before = bytes(Grant.objects.get().refresh_token_sealed)
    expires_in(mailbox, 0)
    open_mailbox(mailbox)._tokens.access_token()
    assert bytes(Grant.objects.get().refresh_token_sealed) != before


def test_only_the_first_of_many_marks_a_mailbox(mailbox, at):
    assert mark_needs_reconnecting(mailbox, reason="x" * 400, at=at)
    assert not mark_needs_reconnecting(mailbox, reason="again", at=at)
    assert mailbox.state_reason == "x" * 300
    assert AuditEntry.objects.filter(what="mailbox needs reconnecting").count() == 1


def test_a_disconnected_mailbox_is_not_marked(mailbox, at):
    Mailbox.objects.filter(pk=mailbox.pk).update(state=MailboxState.DISCONNECTED)
    assert not mark_needs_reconnecting(mailbox, reason="late", at=at)
    assert mailbox.state == MailboxState.DISCONNECTED


def test_a_mailbox_that_works_again_is_due_at_once(mailbox, at):
    mark_needs_reconnecting(mailbox, reason="dead", at=at)
    mark_connected(mailbox, at=at)
    assert list(Mailbox.objects.due(at=at)) == [mailbox]


class TestManyWorkers:
    """Real threads with connections of their own."""

    pytestmark = pytest.mark.django_db(transaction=True)
    workers = 8

    def all_at_once(self, mailbox):
        start = threading.Barrier(self.workers)

        def work(_):
            try:
                provider = open_mailbox(mailbox)
                start.wait(timeout=10)
                return provider.read_profile().address
            except AccessRevoked as revoked:
                return revoked
            finally:
                connection.close()

        with ThreadPoolExecutor(self.workers) as pool:
            return list(pool.map(work, range(self.workers)))

    def test_eight_workers_refresh_an_old_token_once(self, transactional_db, mailbox, gmail):
        expires_in(mailbox, 0)
        assert self.all_at_once(mailbox) == [mailbox.address] * self.workers
        assert gmail.counts["oauth.refresh"] == 1

    def test_eight_workers_meet_a_dead_permission_and_one_notice_goes_out(
        self, transactional_db, mailbox, gmail
    ):
        """E7: one pause, one notice, one question to Google."""
        expires_in(mailbox, 0)
        gmail.revoke(mailbox.address)
        with connection.cursor() as cursor:
            cursor.execute(f"LISTEN {CHANNEL}")
        outcomes = self.all_at_once(mailbox)
        assert all(isinstance(outcome, AccessRevoked) for outcome in outcomes)
        assert gmail.counts["oauth.refresh"] == 1
        assert AuditEntry.objects.filter(what="mailbox needs reconnecting").count() == 1
        notices = connection.connection.notifies(timeout=0.5)
        assert len([one for one in notices if '"mailbox"' in one.payload]) == 1

    def test_a_provider_shared_by_threads_refreshes_once_and_keeps_no_connection(
        self, transactional_db, mailbox, gmail
    ):
        gmail.expire_access_tokens(mailbox.address)
        provider = open_mailbox(mailbox)
        left_open = []

        def work(_):
            provider.read_profile()
            left_open.append(connection.connection is not None)

        with ThreadPoolExecutor(self.workers) as pool:
            list(pool.map(work, range(self.workers)))
        assert gmail.counts["oauth.refresh"] == 1
        assert not any(left_open)
