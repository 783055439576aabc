"""Eight months of email, as they lie in the team's mailboxes."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta

import pytest

from letterbook.demo.cast import agency, companies, contacts_by_address
from letterbook.demo.deliveries import Delivery, tell_story
from letterbook.demo.letters import Letter
from letterbook.demo.season import SEASON, write_letters
from letterbook.mime.parsing import ParsedMessage, parse_message, read_attachment, read_html

AT = datetime(2026, 11, 17, 9, 30, tzinfo=UTC)
OURS = {colleague.person.address for colleague in agency().colleagues}
THEIRS = [person for company in companies() for person in company.people]


@pytest.fixture(scope="module")
def letters() -> list[Letter]:
    return write_letters(at=AT, seed=1)


@pytest.fixture(scope="module")
def story() -> list[Delivery]:
    return tell_story(at=AT, seed=1)


@pytest.fixture(scope="module")
def parsed(story: list[Delivery]) -> list[ParsedMessage]:
    return [parse_message(one.raw) for one in story]


def test_the_same_seed_tells_the_same_story(story):
    assert tell_story(at=AT, seed=1) == story
    assert tell_story(at=AT, seed=2) != story


def test_it_is_between_600_and_900_emails_with_forty_contacts(letters):
    assert 600 <= len(letters) <= 900
    assert len(THEIRS) == 40
    assert len(companies()) >= 12


def test_every_contact_and_every_colleague_writes(letters):
    writers = {letter.sender.address for letter in letters}
    assert writers == OURS | {person.address for person in THEIRS}


def test_every_email_parses_without_a_warning(parsed):
    assert [one for one in parsed if one.warnings] == []
    assert all(one.message_id and one.subject and one.own_text and one.date for one in parsed)


def test_copies_of_one_email_are_the_same_email_and_others_are_not(story, parsed):
    digests = defaultdict(set)
    for one in parsed:
        digests[one.message_id].add(one.digest)
    assert {len(each) for each in digests.values()} == {1}
    held_by = Counter(one.message_id for one in parsed)
    assert any(count > 1 for count in held_by.values())
    assert len({(one.mailbox, one.raw) for one in story}) == len(story)


def test_every_address_ends_in_example(story):
    for one in story:
        text = one.raw.decode().replace("=\r\n", "")
        domains = re.findall(r"(?:@|https?://)([\w.-]+)", text)
        assert domains
        assert {name.rstrip(".").rpartition(".")[2] for name in domains} == {"example"}


def test_everything_happened_in_the_past_eight_months(story, parsed):
    for delivery, one in zip(story, parsed, strict=True):
        assert AT - SEASON - timedelta(days=30) <= delivery.at <= AT
        assert one.date is not None
        assert abs(one.date - delivery.at) < timedelta(seconds=1)


def test_people_write_on_working_days_in_working_hours_with_few_exceptions(letters):
    at_night = [one for one in letters if one.at.hour not in range(7, 19) or one.at.weekday() > 4]
    assert len(at_night) < len(letters) / 20


def test_answers_name_what_they_answer_and_come_after_it(letters):
    by_id = {letter.message_id: letter for letter in letters}
    assert len(by_id) == len(letters)
    for letter in letters:
        assert all(by_id[one].at <= letter.at for one in letter.references)
        if letter.answers:
            assert letter.subject == f"Re: {letter.references and _root(letter).subject}"


def test_threads_have_one_to_fourteen_emails_and_go_both_ways(letters):
    threads = defaultdict(list)
    for letter in letters:
        threads[_root(letter).message_id].append(letter)
    sizes = {len(thread) for thread in threads.values()}
    assert min(sizes) == 1
    assert max(sizes) == 14
    both_ways = [one for one in threads.values() if len({_is_ours(each) for each in one}) == 2]
    assert len(both_ways) > 0.9 * len(threads)
    assert any(len({person for each in one for person in each.people}) >= 4 for one in both_ways)


def test_no_slot_and_no_choice_is_left_open(letters):
    for letter in letters:
        for text in (letter.subject, letter.text, *(file.filename for file in letter.enclosures)):
            assert not re.search(r"[{}\[\]|]", text), text


def test_hardly_any_words_are_repeated_more_than_a_few_times(letters):
    said = Counter(re.sub(r"\s+", " ", letter.text) for letter in letters if len(letter.text) > 200)
    assert max(said.values()) <= 3


def test_whoever_went_quiet_has_not_written_since(letters):
    quiet = [person for person in THEIRS if person.quiet_days]
    assert len(quiet) >= 3
    for person in quiet:
        last = max(letter.at for letter in letters if letter.sender == person)
        assert last <= AT - timedelta(days=person.quiet_days)


def test_only_new_email_waits_for_an_answer(letters):
    last_of = {_root(letter).message_id: letter for letter in letters}
    waiting = [last for last in last_of.values() if not _is_ours(last) and last.kind == "letter"]
    assert 3 <= len(waiting) <= 8
    assert all(AT - last.at < timedelta(days=5) for last in waiting)


def test_some_email_has_tables_remote_pictures_and_files(story, parsed):
    html = [found for one in story if (found := read_html(one.raw))]
    assert any("<table" in one for one in html)
    assert any('src="https://www.' in one for one in html)
    kinds = {file.content_type for one in parsed for file in one.attachments}
    assert {"application/pdf", "image/png", "text/csv"} <= kinds


def test_attached_tables_can_be_read(story, parsed):
    for delivery, one in zip(story, parsed, strict=True):
        for file in one.attachments:
            if file.content_type == "text/csv":
                rows = list(
                    csv.reader(
                        io.StringIO(read_attachment(delivery.raw, file.number).content.decode())
                    )
                )
                assert len(rows) > 5
                assert {len(row) for row in rows} == {5}


def test_there_is_a_bounce_and_an_automatic_answer(letters, parsed):
    assert {letter.kind for letter in letters} == {"letter", "away", "bounce"}
    automatic = [one for one in parsed if one.is_automatic]
    assert any("Delivery Status" in one.subject for one in automatic)
    assert any("I am away" in one.own_text for one in automatic)


def test_newsletters_and_receipts_come_from_nobody_in_the_contacts(parsed):
    strangers = [one for one in parsed if one.from_.key not in {*OURS, *contacts_by_address()}]
    assert len(strangers) > 60


def test_each_mailbox_holds_sent_and_received_email(story):
    for address in OURS:
        labels = {label for one in story if one.mailbox == address for label in one.labels}
        assert {"SENT", "INBOX"} <= labels
    unread = [one for one in story if "UNREAD" in one.labels]
    assert unread
    assert all(AT - one.at < timedelta(days=2) for one in unread)


def _root(letter: Letter) -> Letter:
    while letter.answers:
        letter = letter.answers
    return letter


def _is_ours(letter: Letter) -> bool:
    return letter.sender.address in OURS
