"""One contract, two Gmails: our own fake, and one that others wrote. What the other does otherwise is written down.

`DIFFERENCES` are expected to fail against the other one, each for a reason that stands in docs/fake-gmail.md: when it
begins to pass, or the table is not true any more, the tests say so.
"""

from __future__ import annotations

import base64
import itertools
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from halden_rowe import ANN, BOB
from second_gmail import TOKENS, second_gmail

from letterbook.providers.errors import AccessRevoked, Gone, HistoryExpired, Rejected
from letterbook.providers.fake_gmail.server import serve
from letterbook.providers.fake_gmail.world import FakeGmail
from letterbook.providers.gmail.client import GmailMailbox

EVERYTHING = "https://mail.google.com/"
DIFFERENCES = {
    "test_the_profile_names_the_owner_and_the_present_cursor": "It has no profile call.",
    "test_a_message_is_found_by_its_message_id": "It does not know `rfc822msgid:` in a search.",
    "test_either_of_two_senders_is_found": "It does not know `{any of these}` in a search.",
    "test_headers_are_read_by_name_without_case": "It compares the names of headers with their case.",
    "test_a_header_of_ones_own_is_kept": "It tells only the headers it knows; one's own are in the source alone.",
    "test_a_cursor_too_old_has_expired": "It remembers all of its history, so that no cursor expires.",
    "test_a_large_draft_goes_up_as_a_part_of_its_own": "It takes a multipart upload as the email itself.",
    "test_what_is_sent_arrives_at_the_other_mailbox": "It delivers nothing: what is sent is a SENT copy and no more.",
    "test_a_token_nobody_gave_opens_nothing": "It lets in whoever comes, with any token.",
}
_numbers = itertools.count(1)


@dataclass(frozen=True)
class OneToken:
    """Tokens that cannot be refreshed."""

    token: str

    def access_token(self) -> str:
        return self.token

    def refresh_now(self, rejected: str) -> str:
        raise AccessRevoked("The token was refused.", rejected, 401)


@dataclass(frozen=True)
class Gmail:
    """A Gmail over HTTP, whoever wrote it, and what a person does in its web pages."""

    url: str
    token_of: Callable[[str], str]

    def mailbox(self, address: str = ANN, *, token: str = "") -> GmailMailbox:
        tokens = OneToken(token or self.token_of(address))
        return GmailMailbox(tokens=tokens, api_url=self.url)

    def act(self, method: str, path: str, body: object = None, *, address: str = ANN) -> dict:
        headers = {"Authorization": f"Bearer {self.token_of(address)}"}
        path = f"{self.url}/gmail/v1/users/me/{path}"
        answer = httpx.request(method, path, json=body, headers=headers)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else {}

    def arrive(self, raw: bytes, *labels: str, address: str = ANN) -> dict:
        body = {"raw": base64.urlsafe_b64encode(raw).decode(), "labelIds": labels or ["INBOX"]}
        return self.act("POST", "messages", body, address=address)


@pytest.fixture(scope="module")
def ours():
    world = FakeGmail(seed=11)
    for address in (ANN, BOB):
        world.create_account(address, name=address[:3])
    with serve(world) as url:
        # What a person does in Gmail's pages, deleting above all, needs all of it.
        yield Gmail(url, lambda address: world.grant(address, scopes=[EVERYTHING]).access_token)


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    tokens = {address: token for token, address in TOKENS.items()}
    with second_gmail(tmp_path_factory.mktemp("second-gmail")) as url:
        yield Gmail(url, tokens.__getitem__)


@pytest.fixture(params=["ours", "theirs"])
def gmail(request):
    differs = DIFFERENCES.get(request.function.__name__)
    if request.param == "theirs" and differs:
        request.applymarker(pytest.mark.xfail(reason=differs, strict=True))
    return request.getfixturevalue(request.param)


@pytest.fixture
def ann(gmail):
    with closing(gmail.mailbox()) as mailbox:
        yield mailbox


def an_email(body: str = "Good morning.", **headers: str) -> bytes:
    told = {"From": f"Ann <{ANN}>", "To": BOB, "Subject": f"Paper order {next(_numbers)}"} | headers
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in told.items())
    return f"{head}\r\n{body}".encode()


def now_of(gmail: Gmail) -> str:
    """The present point in the history: that of a message that just came."""
    message_id = gmail.arrive(an_email())["id"]
    return gmail.act("GET", f"messages/{message_id}?format=minimal")["historyId"]


def test_the_profile_names_the_owner_and_the_present_cursor(ann):
    profile = ann.read_profile()
    assert profile.address == ANN
    assert int(profile.history_cursor) > 0


def test_a_listing_names_each_message_once_over_all_its_pages(gmail, ann):
    arrived = {gmail.arrive(an_email())["id"] for _ in range(7)}
    seen, page = [], ""
    while True:
        found = ann.list_messages(limit=3, page=page)
        seen += [ref.id for ref in found.refs]
        page = found.next_page
        if not page:
            break
    assert arrived <= set(seen)
    assert len(seen) == len(set(seen))


def test_a_listing_begins_with_what_came_last(gmail, ann):
    last = [gmail.arrive(an_email())["id"] for _ in range(3)]
    assert [ref.id for ref in ann.list_messages(limit=3).refs] == last[::-1]


def test_spam_and_trash_are_left_out_of_listings(gmail, ann):
    hidden = {gmail.arrive(an_email(), label)["id"] for label in ("SPAM", "TRASH")}
    assert not hidden & {ref.id for ref in ann.list_messages().refs}


def test_a_listing_can_be_narrowed_to_all_of_some_labels(gmail, ann):
    gmail.arrive(an_email(), "IMPORTANT")
    both = gmail.arrive(an_email(), "IMPORTANT", "STARRED")["id"]
    assert [ref.id for ref in ann.list_messages(labels=["IMPORTANT", "STARRED"]).refs] == [both]


def test_a_message_is_found_by_sender_and_subject(gmail, ann):
    found = gmail.arrive(an_email(From="Cleo <cleo@lindwerk.example>", Subject="Marbled sheets"))
    gmail.arrive(an_email(From="Cleo <cleo@lindwerk.example>"))
    refs = ann.list_messages(query="from:cleo@lindwerk.example subject:marbled").refs
    assert [ref.id for ref in refs] == [found["id"]]


def test_a_message_is_found_by_its_message_id(gmail, ann):
    found = gmail.arrive(an_email(Message_ID="<only-one@lindwerk.example>"))
    refs = ann.list_messages(query="rfc822msgid:only-one@lindwerk.example").refs
    assert [ref.id for ref in refs] == [found["id"]]


def test_either_of_two_senders_is_found(gmail, ann):
    two = {gmail.arrive(an_email(From=f"{who}@either.example"))["id"] for who in ("dora", "emil")}
    refs = ann.list_messages(query="{from:dora@either.example from:emil@either.example}").refs
    assert {ref.id for ref in refs} == two


def test_a_fetched_message_is_byte_for_byte_what_arrived(gmail, ann):
    raw = b"From: x@y.example\r\nSubject: =?broken\xff\r\n\r\n\x00\xfe odd \r\r\n bytes"
    assert ann.fetch_message(gmail.arrive(raw)["id"]).raw == raw


def test_a_fetched_message_says_its_labels_and_when_it_came(gmail, ann):
    message = ann.fetch_message(gmail.arrive(an_email(), "INBOX", "UNREAD")["id"])
    assert message.labels == {"INBOX", "UNREAD"}
    assert message.received_at.year >= 2024


def test_headers_are_read_by_name_without_case(gmail, ann):
    message_id = gmail.arrive(an_email(Subject="Vellum", X_Tag="first"))["id"]
    found = ann.fetch_headers(message_id, names=["SUBJECT", "x-absent"])
    assert dict(found.headers) == {"subject": "Vellum"}


def test_a_header_of_ones_own_is_kept(gmail, ann):
    message_id = gmail.arrive(an_email(X_Letterbook_Send_Key="abc"))["id"]
    found = ann.fetch_headers(message_id, names=["X-Letterbook-Send-Key"])
    assert dict(found.headers) == {"x-letterbook-send-key": "abc"}


def test_a_message_deleted_meanwhile_is_gone(gmail, ann):
    message_id = gmail.arrive(an_email())["id"]
    gmail.act("DELETE", f"messages/{message_id}")
    with pytest.raises(Gone):
        ann.fetch_message(message_id)


def test_an_id_that_never_was_is_gone_or_rejected(ann):
    with pytest.raises((Gone, Rejected)):
        ann.fetch_message("18c0ffee18c0ffee")


def test_history_tells_what_came_was_labelled_and_went(gmail, ann):
    start = now_of(gmail)
    message_id = gmail.arrive(an_email())["id"]
    change = {"addLabelIds": ["STARRED"], "removeLabelIds": ["INBOX"]}
    gmail.act("POST", f"messages/{message_id}/modify", change)
    gmail.act("DELETE", f"messages/{message_id}")
    page = ann.list_history(since=start)
    kinds = {change.kind for change in page.changes if change.id == message_id}
    assert kinds == {"added", "labels_added", "labels_removed", "deleted"}
    assert int(page.cursor) > int(start)


def test_nothing_new_gives_no_changes(gmail, ann):
    cursor = ann.list_history(since=now_of(gmail)).cursor
    assert ann.list_history(since=cursor).changes == ()


def test_history_is_told_from_its_cursor_on_and_never_before(gmail, ann):
    start = now_of(gmail)
    first = gmail.arrive(an_email())["id"]
    cursor = ann.list_history(since=start).cursor
    second = gmail.arrive(an_email())["id"]
    told = {change.id for change in ann.list_history(since=cursor).changes}
    assert second in told
    assert first not in told


def test_a_cursor_too_old_has_expired(gmail, ann):
    now_of(gmail)
    with pytest.raises(HistoryExpired):
        ann.list_history(since="1")


def test_a_draft_is_stored_found_listed_and_deleted(ann):
    draft = ann.create_draft(an_email())
    assert ann.find_draft(draft.id).labels == {"DRAFT"}
    assert draft.id in {one.id for one in ann.list_drafts()}
    ann.delete_draft(draft.id)
    assert ann.find_draft(draft.id) is None
    ann.delete_draft(draft.id)


def test_a_large_draft_goes_up_as_a_part_of_its_own(ann):
    raw = an_email(body="x" * 300_000)
    draft = ann.create_draft(raw)
    assert ann.fetch_message(draft.message_id).raw.endswith(b"x" * 1_000)
    ann.delete_draft(draft.id)


def test_a_sent_draft_is_gone_and_cannot_be_sent_again(ann):
    draft = ann.create_draft(an_email(X_Letterbook_Send_Key="sent-once"))
    sent = ann.send_draft(draft.id)
    assert "SENT" in ann.fetch_headers(sent.id, names=[]).labels
    assert ann.find_draft(draft.id) is None
    with pytest.raises(Gone):
        ann.send_draft(draft.id)


def test_a_sent_copy_keeps_our_header_and_is_in_the_history(gmail, ann):
    start = now_of(gmail)
    sent = ann.send_draft(ann.create_draft(an_email(X_Letterbook_Send_Key="kept")).id)
    assert b"X-Letterbook-Send-Key: kept\r\n" in ann.fetch_message(sent.id).raw
    assert sent.id in {change.id for change in ann.list_history(since=start).changes}


def test_what_is_sent_arrives_at_the_other_mailbox(gmail, ann):
    ann.send_draft(ann.create_draft(an_email(Subject="Deckle edge for Bob")).id)
    with closing(gmail.mailbox(BOB)) as bob:
        assert bob.list_messages(query='subject:"Deckle edge for Bob"').refs


def test_an_answer_joins_the_thread_it_names(gmail, ann):
    first = gmail.arrive(an_email(Subject="Galley", Message_ID="<galley@lindwerk.example>"))
    answer = an_email(
        Subject="Re: Galley",
        In_Reply_To="<galley@lindwerk.example>",
        References="<galley@lindwerk.example>",
    )
    assert ann.create_draft(answer, thread_id=first["threadId"]).thread_id == first["threadId"]


def test_the_owners_address_is_one_to_send_from(ann):
    primary = [one for one in ann.list_send_as() if one.is_primary]
    assert [one.address for one in primary] == [ANN]


def test_the_labels_are_told_by_id_and_name_and_whose_they_are(gmail, ann):
    made = gmail.act("POST", "labels", {"name": "Advisers/Law"})["id"]
    told = {one.id: (one.name, one.is_own) for one in ann.list_labels()}
    assert told[made] == ("Advisers/Law", True)
    assert told["INBOX"] == ("INBOX", False)


def test_a_token_nobody_gave_opens_nothing(gmail):
    with closing(gmail.mailbox(token="made-up")) as mailbox, pytest.raises(AccessRevoked):
        mailbox.list_messages()


def test_every_difference_is_written_down():
    page = (Path(__file__).parents[2] / "docs" / "fake-gmail.md").read_text()
    table = " ".join(page.split())
    assert [reason for reason in DIFFERENCES.values() if reason not in table] == []
    assert set(DIFFERENCES) <= set(globals())
