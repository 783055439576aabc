"""Real email: what we read of it against what the standard library reads."""

from __future__ import annotations

import email
import time
from email.message import Message

import pytest
from corpora import archived, mbox_sample

from letterbook.mime.html import safe_html
from letterbook.mime.parsing import ParsedMessage, parse_message, read_attachment, read_html
from letterbook.mime.parts import Part, read_structure
from letterbook.mime.transfer import decoded_body

pytestmark = pytest.mark.corpus
LISTS = [("openbmc", 7), ("usrp-users", 5), ("spamassassin", 9)]


def leaves_by_the_standard_library(message: Message) -> list[bytes]:
    if message.get_content_type() == "message/rfc822" or not message.is_multipart():
        if message.get_content_maintype() == "message":
            return [b"(message)"]
        return [squeezed(message.get_payload(decode=True) or b"")]
    return [leaf for part in message.get_payload() for leaf in leaves_by_the_standard_library(part)]


def our_leaves(raw: bytes) -> list[bytes]:
    structure = read_structure(raw)
    return [our_leaf(structure.raw, part) for part in structure.leaves]


def our_leaf(raw: bytes, part: Part) -> bytes:
    if part.content_type.startswith("message/"):
        return b"(message)"
    return squeezed(decoded_body(raw, part)[0])


def squeezed(content: bytes) -> bytes:
    return b"".join(content.split())


@pytest.mark.parametrize(("name", "every"), LISTS)
def test_parts_and_their_bytes_are_those_of_the_standard_library(name, every):
    sample = mbox_sample(name, every=every)
    different = [
        raw
        for raw in sample
        if our_leaves(raw) != leaves_by_the_standard_library(email.message_from_bytes(raw))
    ]
    assert len(different) <= len(sample) // 100


@pytest.mark.parametrize(("name", "every"), LISTS)
def test_every_real_email_is_read_and_says_who_wrote_what(name, every):
    sample = mbox_sample(name, every=every)
    messages = [parse_message(raw) for raw in sample]
    assert sum(bool(message.from_.email) for message in messages) >= len(sample) * 0.99
    assert sum(bool(message.snippet) for message in messages) >= len(sample) * 0.99
    assert sum(message.date is not None for message in messages) >= len(sample) * 0.97
    for raw, message in zip(sample, messages, strict=True):
        assert_consistent(raw, message)


@pytest.mark.parametrize("archive", ["mime", "bounces"])
def test_difficult_mime_is_read(archive):
    for name, raw in archived(archive):
        if raw.strip():
            message = parse_message(raw)
            assert_consistent(raw, message)
            assert message.text or message.attachments or len(raw) < 3_000, name


def assert_consistent(raw: bytes, message: ParsedMessage) -> None:
    message.text.encode()
    assert "\0" not in message.text
    assert (read_html(raw) is not None) == message.has_html
    for attachment in message.attachments:
        assert len(read_attachment(raw, attachment.number).content) == attachment.size


def test_real_html_is_shown_in_time():
    for raw in mbox_sample("spamassassin", every=9):
        if html := read_html(raw):
            started = time.process_time()
            safe_html(html, inline_image_url=lambda _: None)
            assert time.process_time() - started < 1


def test_a_message_costs_less_than_a_millisecond():
    """Two thousand a second is the goal; half of that is the alarm, for a busy machine."""
    sample = mbox_sample("usrp-users", every=5)
    started = time.process_time()
    for raw in sample:
        parse_message(raw)
    assert (time.process_time() - started) / len(sample) < 0.001
