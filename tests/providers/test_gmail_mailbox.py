"""What a mailbox promises (`MailProvider`), kept by the Gmail client against the fake, in both ways."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from halden_rowe import ANN, BOB

from letterbook.providers.errors import AccessRevoked, Gone, HistoryExpired, Rejected
from letterbook.providers.fake_gmail.mailbox import FakeSendAs
from letterbook.providers.gmail.uploading import draft_upload


def test_the_profile_names_the_owner_and_the_present_cursor(world, ann, email):
    before = ann.read_profile()
    world.inject(ANN, email())
    after = ann.read_profile()
    assert (before.address, before.message_count, after.message_count) == (ANN, 0, 1)
    assert int(after.history_cursor) > int(before.history_cursor)


def test_an_empty_mailbox_lists_nothing(ann):
    page = ann.list_messages()
    assert (page.refs, page.next_page) == ((), "")


def test_pages_show_every_message_once_newest_first_even_while_mail_arrives(world, ann, email):
    ids = [world.inject(ANN, email(Subject=f"No {number}")) for number in range(7)]
    first = ann.list_messages(limit=3)
    world.inject(ANN, email(Subject="late"), received_at=world.now() + timedelta(minutes=1))
    seen, page = list(first.refs), first
    while page.next_page:
        page = ann.list_messages(limit=3, page=page.next_page)
        seen += page.refs
    assert [ref.id for ref in seen] == ids[::-1]


def test_spam_and_trash_are_left_out_of_listings(world, ann, email):
    kept = world.inject(ANN, email())
    world.inject(ANN, email(), labels=["SPAM"])
    world.inject(ANN, email(), labels=["TRASH"])
    assert [ref.id for ref in ann.list_messages().refs] == [kept]


def test_a_listing_can_be_narrowed_to_all_of_some_labels(world, ann, email):
    world.inject(ANN, email(), labels=["INBOX"])
    both = world.inject(ANN, email(), labels=["INBOX", "STARRED"])
    assert [ref.id for ref in ann.list_messages(labels=["INBOX", "STARRED"]).refs] == [both]


def test_a_fetched_message_is_byte_for_byte_what_arrived(world, ann):
    raw = b"From: x@y.example\nSubject: =?broken\xff\n\n\x00\xfe odd \r\r\n bytes"
    at = datetime(2020, 2, 29, 23, 59, 59, 123000, tzinfo=UTC)
    message = ann.fetch_message(world.inject(ANN, raw, labels=["INBOX"], received_at=at))
    assert (message.raw, message.received_at, message.labels) == (raw, at, {"INBOX"})


def test_headers_are_read_by_name_without_case_and_the_first_one_counts(world, ann, email):
    raw = b"X-Tag: first\r\nX-TAG: second\r\n" + email(Subject="a\r\n\tfolded one")
    found = ann.fetch_headers(world.inject(ANN, raw), names=["x-tag", "SUBJECT", "X-Absent"])
    assert dict(found.headers) == {"x-tag": "first", "subject": "a\tfolded one"}


def test_no_names_fetch_the_labels_alone(world, ann, email):
    found = ann.fetch_headers(world.inject(ANN, email(), labels=["INBOX"]), names=[])
    assert (found.headers, found.labels) == ({}, {"INBOX"})


def test_a_message_deleted_meanwhile_is_gone(world, ann, email):
    message_id = world.inject(ANN, email())
    world.mailbox(ANN).remove(message_id)
    with pytest.raises(Gone):
        ann.fetch_message(message_id)
    with pytest.raises(Gone):
        ann.fetch_headers(message_id, names=["Subject"])


@pytest.mark.parametrize(
    "message_id", ["..", "../profile", "..%2Fprofile", "a/b?format=raw", "not hex"]
)
def test_an_id_cannot_name_another_resource(ann, message_id):
    with pytest.raises((Rejected, Gone)):
        ann.fetch_message(message_id)


def test_history_tells_every_kind_of_change_in_order(world, ann, email):
    start = ann.read_profile().history_cursor
    message_id = world.inject(ANN, email(), labels=["INBOX"])
    mailbox = world.mailbox(ANN)
    mailbox.relabel(message_id, add=frozenset({"STARRED"}), remove=frozenset({"INBOX"}))
    mailbox.remove(message_id)
    page = ann.list_history(since=start)
    assert [change.kind for change in page.changes] == [
        "added",
        "labels_added",
        "labels_removed",
        "deleted",
    ]
    assert {change.id for change in page.changes} == {message_id}
    assert page.changes[0].labels == {"INBOX"}
    assert page.cursor == ann.read_profile().history_cursor


def test_nothing_new_gives_no_changes_and_the_same_cursor(ann):
    cursor = ann.read_profile().history_cursor
    page = ann.list_history(since=cursor)
    assert (page.changes, page.cursor, page.next_page) == ((), cursor, "")


def test_history_comes_in_pages_from_one_unchanged_start(world, ann, email):
    start = ann.read_profile().history_cursor
    ids = [world.inject(ANN, email()) for _ in range(501)]
    first = ann.list_history(since=start)
    second = ann.list_history(since=start, page=first.next_page)
    assert [change.id for change in first.changes + second.changes] == ids
    assert second.next_page == ""


@pytest.mark.parametrize("since", ["1", "99999999999"])
def test_a_cursor_that_gmail_does_not_know_is_expired(ann, since):
    with pytest.raises(HistoryExpired):
        ann.list_history(since=since)


def test_a_cursor_expires_when_gmail_forgets(world, ann, email):
    cursor = ann.read_profile().history_cursor
    world.inject(ANN, email())
    world.expire_history(ANN)
    with pytest.raises(HistoryExpired):
        ann.list_history(since=cursor)
    ann.list_history(since=ann.read_profile().history_cursor)


def test_a_draft_is_found_until_it_is_sent_and_is_sent_only_once(world, ann, email):
    draft = ann.create_draft(email())
    assert ann.find_draft(draft.id) == draft
    assert draft.labels == {"DRAFT"}
    sent = ann.send_draft(draft.id)
    assert sent.id != draft.message_id
    assert sent.thread_id == draft.thread_id
    assert ann.find_draft(draft.id) is None
    with pytest.raises(Gone):
        ann.send_draft(draft.id)
    assert len(world.accepted) == 1


def test_a_sent_draft_that_lingers_shows_that_it_was_sent(world, ann, email):
    world.behaviour.sent_drafts = "linger"
    draft = ann.create_draft(email())
    sent = ann.send_draft(draft.id)
    found = ann.find_draft(draft.id)
    assert (found.message_id, "SENT" in found.labels, "DRAFT" in found.labels) == (
        sent.id,
        True,
        False,
    )
    with pytest.raises(Gone):
        ann.send_draft(draft.id)


def test_drafts_are_listed_newest_first(ann, email):
    drafts = [ann.create_draft(email(Subject=f"No {number}")) for number in range(3)]
    assert [one.id for one in ann.list_drafts(limit=2)] == [drafts[2].id, drafts[1].id]


def test_deleting_a_draft_twice_is_fine(ann, email):
    draft = ann.create_draft(email())
    ann.delete_draft(draft.id)
    ann.delete_draft(draft.id)
    assert ann.list_drafts() == ()


@pytest.mark.parametrize("size", [0, 256 * 1024, 256 * 1024 + 1, 3_000_000])
def test_a_draft_of_any_size_arrives_byte_for_byte(world, ann, email, size):
    raw = email(body="\r\n--x\r\n" + "é" * (size // 2))
    draft = ann.create_draft(raw)
    assert ann.fetch_message(draft.message_id).raw == raw


def test_a_large_draft_is_not_inflated_by_json(email):
    raw = email(body="x" * 1_000_000)
    upload = draft_upload(raw, thread_id="18f")
    assert upload.path.startswith("/upload/")
    assert len(upload.body) < len(raw) + 1000


def test_a_draft_larger_than_gmail_accepts_is_rejected(ann, email):
    with pytest.raises(Rejected):
        ann.create_draft(email(body="x" * 36_700_161))


def test_a_draft_joins_the_thread_it_answers(world, ann, email):
    world.behaviour.message_ids = "keep"
    first = ann.send_draft(ann.create_draft(email(Message_ID="<1@haldenrowe.example>")).id)
    answer = email(Subject="Re: Paper order", References="<1@haldenrowe.example>")
    assert ann.create_draft(answer, thread_id=first.thread_id).thread_id == first.thread_id
    other = email(Subject="Another matter", References="<1@haldenrowe.example>")
    assert ann.create_draft(other, thread_id=first.thread_id).thread_id != first.thread_id


def test_a_thread_of_another_mailbox_is_refused(ann, bob, email):
    theirs = bob.create_draft(email()).thread_id
    with pytest.raises(Gone):
        ann.create_draft(email(), thread_id=theirs)


def test_a_draft_without_recipients_cannot_be_sent(world, ann, email):
    draft = ann.create_draft(email(To=""))
    with pytest.raises(Rejected, match="rejected"):
        ann.send_draft(draft.id)
    assert world.accepted == []
    assert ann.find_draft(draft.id) is not None


def test_the_addresses_to_send_from_are_told_with_their_standing(world, ann):
    """C12: an alias that Gmail has not verified is told apart."""
    world.mailbox(ANN).send_as.append(
        FakeSendAs("new@rowe.example", is_verified=False, reply_to="desk@rowe.example")
    )
    assert [one.reply_to for one in ann.list_send_as()] == ["", "", "desk@rowe.example"]
    assert [
        (one.address, one.is_primary, one.is_default, one.is_verified) for one in ann.list_send_as()
    ] == [
        (ANN, True, True, True),
        ("ann@rowe.example", False, False, True),
        ("new@rowe.example", False, False, False),
    ]


def test_an_expired_access_token_is_refreshed_once_and_the_request_repeated(world, ann, email):
    """S30, F14: an expired token is refreshed once on 401."""
    draft = ann.create_draft(email())
    world.expire_access_tokens(ANN)
    ann.send_draft(draft.id)
    assert world.counts["oauth.refresh"] == 1
    assert world.counts["drafts.send"] == 2
    assert len(world.accepted) == 1


def test_a_revoked_grant_ends_in_access_revoked_without_a_loop(world, ann):
    ann.read_profile()
    world.revoke(ANN)
    with pytest.raises(AccessRevoked):
        ann.read_profile()
    assert (world.counts["getProfile"], world.counts["oauth.refresh"]) == (2, 1)


def test_a_token_refused_again_after_refreshing_is_access_revoked(world, ann):
    world.fail("getProfile", "refuse:401", times=2)
    with pytest.raises(AccessRevoked):
        ann.read_profile()
    assert world.counts["getProfile"] == 2
    ann.read_profile()


def test_five_threads_may_fetch_through_one_client(world, ann, email):
    ids = [world.inject(ANN, email(Subject=f"No {number}")) for number in range(60)]
    with ThreadPoolExecutor(5) as threads:
        fetched = list(threads.map(ann.fetch_message, ids))
    assert [message.id for message in fetched] == ids
    assert [f"No {number}".encode() in message.raw for number, message in enumerate(fetched)] == [
        True
    ] * 60


def test_mail_between_two_mailboxes_arrives(ann, bob, email):
    ann.send_draft(ann.create_draft(email(Cc=f"{ANN}, stranger@far.example")).id)
    (ref,) = bob.list_messages(query="from:ann@haldenrowe.example").refs
    assert bob.fetch_message(ref.id).labels == {"INBOX", "UNREAD"}
    assert BOB.encode() in bob.fetch_message(ref.id).raw
