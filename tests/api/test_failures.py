"""Failures through the API: listed, filtered, resolved one by one and many at once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from letterbook.mailboxes.models import Mailbox, Sharing
from letterbook.outgoing.failures import Failure
from letterbook.outgoing.models import OutgoingEmail
from letterbook.outgoing.queueing import dismiss
from letterbook.outgoing.status import ErrorClass, Status
from written import a_failed_email


@pytest.fixture
def fail(alice, mailbox, at):
    """The failure of an email of alice's."""

    def go(error_class=ErrorClass.REJECTED, **more):
        failed = a_failed_email(alice, mailbox, error_class=error_class, **{"at": at, **more})
        return failed.failures.get()

    return go


def ids_of(answer):
    assert answer.status_code == 200, answer.content
    return [one["id"] for one in answer.json()["items"]]


def test_open_failures_are_listed_latest_first_with_what_happened(hers, fail, mailbox, alice, at):
    """S17, S35."""
    first, second = fail(), fail(at=at + timedelta(hours=1))
    answer = hers.get("/failures")
    assert ids_of(answer) == [str(second.pk), str(first.pk)]
    shown = answer.json()["items"][1]
    assert shown["error_class"] == "rejected"
    assert shown["error"] == "Gmail refused the sender."
    assert shown["evidence"] == "400 Invalid From header"
    assert shown["attempt"] == 1
    assert shown["mailbox_id"] == str(mailbox.pk)
    assert (shown["resolved_at"], shown["resolution"]) == (None, "")


def test_they_are_filtered_by_state_class_mailbox_author_and_time(hers, fail, alice, at):
    """S35."""
    old, late = fail(), fail(ErrorClass.NO_ANSWER, at=at + timedelta(days=1))
    done = fail()
    dismiss(done.email, member=alice, at=at)
    assert set(ids_of(hers.get("/failures"))) == {str(old.pk), str(late.pk)}
    assert ids_of(hers.get("/failures", state="resolved")) == [str(done.pk)]
    assert len(ids_of(hers.get("/failures", state="all"))) == 3
    assert ids_of(hers.get("/failures", error_class="gave_up")) == [str(late.pk)]
    assert ids_of(hers.get("/failures", author_id=done.pk)) == []
    assert ids_of(hers.get("/failures", since="2026-11-18T00:00:00Z")) == [str(late.pk)]
    assert ids_of(hers.get("/failures", until="2026-11-18T00:00:00Z")) == [str(old.pk)]


def test_pages_neither_skip_nor_repeat(hers, fail):
    made = {str(fail().pk) for _ in range(5)}
    seen, cursor = [], ""
    while True:
        answer = hers.get("/failures", limit=2, cursor=cursor)
        seen += ids_of(answer)
        cursor = answer.json()["next_cursor"]
        if not cursor:
            break
    assert len(seen) == 5
    assert set(seen) == made


@pytest.mark.parametrize(
    ("error_class", "way_out", "code", "status"),
    [
        ("rejected", "retry", 200, Status.QUEUED),
        ("rejected", "dismiss", 200, Status.FAILED),
        ("rejected", "sent", 409, Status.FAILED),
        ("unconfirmed", "retry", 409, Status.FAILED),
        ("unconfirmed", "send_again", 200, Status.QUEUED),
        ("unconfirmed", "sent", 200, Status.FAILED),
        ("unconfirmed", "burn", 422, Status.FAILED),
    ],
)
def test_each_way_out_is_taken_or_refused(hers, fail, error_class, way_out, code, status):
    """S95: what may have been sent is only sent again by a decision."""
    failure = fail(ErrorClass(error_class))
    answer = hers.post(f"/failures/{failure.pk}/resolution", {"resolution": way_out})
    assert answer.status_code == code
    failure.refresh_from_db()
    assert failure.is_open is (code != 200)
    assert OutgoingEmail.objects.get().status == status
    if code == 200:
        assert failure.resolved_as == "api"
        assert answer.json()["resolved_by"]["name"] == "Alice Halden"


def test_resolving_twice_is_refused_unless_it_is_the_same_request(hers, fail):
    failure = fail()
    path, body = f"/failures/{failure.pk}/resolution", {"resolution": "retry"}
    assert hers.post(path, body, key="k1").status_code == 200
    assert hers.post(path, body, key="k1").status_code == 200
    again = hers.post(path, body)
    assert again.status_code == 409
    assert "resolved already" in again.json()["detail"]


def test_many_are_retried_by_id_or_by_cause(hers, fail, mailbox):
    """S95."""
    rejected, unclear = fail(), fail(ErrorClass.UNCONFIRMED)
    busy = [fail(ErrorClass.NO_ANSWER) for _ in range(3)]
    some = hers.post(
        "/failures/retries", {"failure_ids": [str(rejected.pk), str(unclear.pk)]}
    ).json()
    assert some["queued"] == [str(rejected.email_id)]
    assert [one["failure_id"] for one in some["not_retried"]] == [str(unclear.pk)]
    cause = {"mailbox_id": str(mailbox.pk), "error_class": "gave_up"}
    all_of_them = hers.post("/failures/retries", cause).json()
    assert set(all_of_them["queued"]) == {str(one.email_id) for one in busy}
    assert hers.post("/failures/retries", cause).json()["queued"] == []
    assert hers.post("/failures/retries", {}).json()["queued"] == []
    assert Failure.objects.open().get() == unclear


def test_a_team_mate_sees_the_cause_but_not_the_words_and_resolves_nothing(his, fail, mailbox):
    """S71."""
    failure = fail()
    Mailbox.objects.filter(pk=mailbox.pk).update(sharing=Sharing.SUBJECT)
    shown = his.get(f"/failures/{failure.pk}").json()
    assert (shown["error_class"], shown["error"], shown["evidence"]) == ("rejected", "", "")
    answer = his.post(f"/failures/{failure.pk}/resolution", {"resolution": "dismiss"})
    assert answer.status_code == 403
    assert his.post("/failures/retries", {"error_class": "rejected"}).json()["queued"] == []
    Mailbox.objects.filter(pk=mailbox.pk).update(sharing=Sharing.PRIVATE)
    assert his.get(f"/failures/{failure.pk}").status_code == 404
