"""What an email reports about one that was sent: bounces, delays and complaints, in standard form or in any words."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import pytest
from corpora import archived, mbox_sample
from hypothesis import given
from hypothesis import strategies as st

from letterbook.mime.parsing import Unparsable, parse_message
from letterbook.mime.reports import ReportKind, read_report
from letterbook.mime.send_keys import SEND_KEY_HEADER
from letterbook.outgoing import freezing
from reported import FULL, NO_SUCH_USER, complaint, head, in_words, report, returned

ANNA, BO = "anna@lindwerk.example", "bo@lindwerk.example"
ID = "17@haldenrowe.example"
LABELS = Path(__file__).with_name("bounce_labels.txt")


def read(raw: bytes):
    return read_report(raw, parse_message(raw))


def told(raw: bytes) -> list[tuple[str, str]]:
    """Each recipient with hard, soft, delay or complaint."""
    found = read(raw)
    return [(one.addresses[0], verdict(one)) for one in found.outcomes] if found else []


def verdict(outcome) -> str:
    if outcome.kind != ReportKind.BOUNCE:
        return str(outcome.kind)
    return "hard" if outcome.is_hard else "soft"


def test_a_standard_report_tells_recipient_code_reason_and_the_email_it_is_about():
    """S34."""
    found = read(report(ID, (ANNA, "5.1.1", NO_SUCH_USER)))
    (outcome,) = found.outcomes
    assert (outcome.addresses, outcome.code, outcome.is_hard) == ((ANNA,), "5.1.1", True)
    assert outcome.diagnostic == NO_SUCH_USER
    assert found.message_ids == (ID,)


def test_each_recipient_of_a_report_has_its_own_verdict():
    raw = report(ID, (ANNA, "5.1.1", NO_SUCH_USER), (BO, "5.2.2", FULL))
    assert told(raw) == [(ANNA, "hard"), (BO, "soft")]


@pytest.mark.parametrize(
    ("status", "words", "expected"),
    [
        ("5.1.1", "550 5.1.1 User unknown", "hard"),
        ("5.0.0", "550 No such recipient here", "hard"),
        ("5.1.2", "Host or domain name not found. Name service error for name=x.example", "hard"),
        ("5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found", "hard"),
        ("5.4.1", "550 5.4.1 Recipient address rejected: Access denied", "hard"),
        ("5.0.0", "550 5.1.1 <anna@lindwerk.example>: Recipient address rejected", "hard"),
        ("5.1.1", "550 5.1.1 inactive email address", "hard"),
        ("5.2.2", "552 5.2.2 Over quota", "soft"),
        ("5.1.1", "550 5.1.1 Mailbox full", "soft"),
        ("5.7.1", "550 5.7.1 Message blocked because of its reputation", "soft"),
        ("5.1.8", "553 5.1.8 Sender address rejected: Domain not found", "soft"),
        ("5.3.4", "552 5.3.4 Message size exceeds fixed limit", "soft"),
        ("4.4.7", "Delivery time expired", "soft"),
        ("4.2.1", "450 4.2.1 Greylisted, try again later", "soft"),
        ("5.7.26", "550 5.7.26 Unauthenticated email is not accepted due to DMARC policy", "soft"),
        ("5.2.1", "554 5.2.1 The account is disabled", "soft"),
    ],
)
def test_hard_means_that_the_address_is_no_good(status, words, expected):
    """S34: a full mailbox or a filter says nothing against the address."""
    assert told(report(ID, (ANNA, status, words))) == [(ANNA, expected)]


def test_a_report_of_delay_is_no_bounce():
    raw = report(ID, (ANNA, "4.4.1", "connection timed out"), action="delayed")
    assert told(raw) == [(ANNA, "delay")]


@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded"])
def test_a_report_of_success_is_none(action):
    assert read(report(ID, (ANNA, "2.0.0", "250 OK"), action=action)) is None


def test_the_address_written_to_is_told_beside_the_one_that_failed():
    """Forwarded mail fails at an address that its sender never saw."""
    raw = report(ID, ("other@elsewhere.example", "5.1.1", NO_SUCH_USER)).replace(
        b"Action:", f"Original-Recipient: rfc822;{ANNA}\nAction:".encode()
    )
    assert read(raw).outcomes[0].addresses == ("other@elsewhere.example", ANNA)


QMAIL = f"""Hi. This is the qmail-send program at mx.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<{ANNA}>:
192.0.2.1 does not like recipient.
Remote host said: 550 5.1.1 No such user
Giving up on 192.0.2.1.

<{BO}>:
Remote host said: 552 5.2.2 Mailbox full

--- Below this line is a copy of the message.

{returned(ID, to=ANNA)}

Hello
"""
EXIM = f"""This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  {ANNA}
    host mx.lindwerk.example [192.0.2.1]
    SMTP error from remote mail server after RCPT TO:<{ANNA}>:
    550 Unrouteable address

------ This is a copy of the message, including all the headers. ------

{returned(ID, to=ANNA)}
"""
POSTFIX = f"""This is the Postfix program at host mx.example.

I'm sorry to have to inform you that your message could not be delivered.

<{ANNA}>: host mx.lindwerk.example[192.0.2.1] said: 550 5.1.1 User unknown
    (in reply to RCPT TO command)

{returned(ID, to=ANNA)}
"""
EXCHANGE = f"""Your message

  To:      Anna
  Subject: The proof
  Sent:    Mon, 2 Nov 2026

did not reach the following recipient(s):

{ANNA} on Mon, 2 Nov 2026 09:05:00 +0000
    The recipient name is not recognized
"""
DOMINO = f"""Your message

  Subject: The proof

was not delivered to:

  {ANNA}

because:

  User Anna ({ANNA}) not listed in Domino Directory
"""
SENDMAIL = f"""   ----- Transcript of session follows -----
While talking to mx.lindwerk.example:
>>> RCPT To:<{ANNA}>
<<< 550 <{ANNA}>... User unknown
550 <{ANNA}>... User unknown

   ----- Unsent message follows -----
{returned(ID, to=ANNA)}
"""
OFFICE = f"""Your message to {ANNA} couldn't be delivered.

anna wasn't found at lindwerk.example.

Diagnostic information for administrators:
550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient {ANNA} not found by SMTP address lookup

Original message headers:
{returned(ID, to=ANNA)}
"""
GERMAN = f"""Ihre Nachricht konnte nicht zugestellt werden.

  {ANNA}
    Die Adresse existiert nicht.

--- Ursprüngliche Nachricht ---
{returned(ID, to=ANNA)}
"""
RUSSIAN = f"""Ваше письмо не может быть доставлено:

  {ANNA}
    Нет такого пользователя: не найден

{returned(ID, to=ANNA)}
"""
JAPANESE = f"""以下のメールは配信できませんでした。

{ANNA}
ユーザーが見つかりません

{returned(ID, to=ANNA)}
"""


@pytest.mark.parametrize(
    ("text", "subject", "expected"),
    [
        (QMAIL, "failure notice", [(ANNA, "hard"), (BO, "soft")]),
        (EXIM, "Mail delivery failed: returning message to sender", [(ANNA, "hard")]),
        (POSTFIX, "Undelivered Mail Returned to Sender", [(ANNA, "hard")]),
        (EXCHANGE, "Undeliverable: The proof", [(ANNA, "hard")]),
        (DOMINO, "DELIVERY FAILURE: User Anna not listed", [(ANNA, "hard")]),
        (SENDMAIL, "Returned mail: User unknown", [(ANNA, "hard")]),
        (OFFICE, "Undeliverable: The proof", [(ANNA, "hard")]),
        (GERMAN, "Unzustellbar: The proof", [(ANNA, "hard")]),
        (RUSSIAN, "Ваше сообщение не доставлено", [(ANNA, "hard")]),
        (JAPANESE, "配信エラー", [(ANNA, "hard")]),
    ],
)
def test_reports_that_follow_no_standard_are_read_all_the_same(text, subject, expected):
    """S34."""
    raw = in_words(text, subject=subject)
    assert told(raw) == expected
    if ID in text:
        assert read(raw).message_ids[0] == ID


def test_gmails_header_names_whom_its_words_are_about():
    raw = in_words(
        f"Delivery to the following recipient failed permanently:\n\n     {BO}\n\n{FULL}\n",
        f"X-Failed-Recipients: {BO}",
        subject="Delivery Status Notification (Failure)",
        sender="Mail Delivery Subsystem <mailer-daemon@googlemail.com>",
    )
    assert told(raw) == [(BO, "soft")]


def test_a_name_that_was_not_found_for_now_is_no_bad_address():
    """S34: as Postfix says it, over two lines."""
    words = (
        f"<{ANNA}>: Name service error for domain lindwerk.example: Host not\n    found, try again"
    )
    assert told(in_words(words, subject="Undelivered Mail Returned to Sender")) == [(ANNA, "soft")]


def test_a_warning_that_the_server_still_tries_is_a_delay():
    text = f"This is a warning message only.\nYou do not need to resend your message.\n\n  {ANNA}\n"
    raw = in_words(text, subject="Warning: message delayed 24 hours")
    assert told(raw) == [(ANNA, "delay")]


@pytest.mark.parametrize("kind", ["message/rfc822", "text/plain"])
def test_a_report_that_a_gateway_wrapped_into_one_of_its_own_is_read(kind):
    """S34: the outer one names nobody, or somebody at the gateway."""
    inner = report(ID, (ANNA, "5.1.1", NO_SUCH_USER)).decode()
    raw = (
        f"{head(sender='Mailer <mailer-daemon@gate.example>', subject='Returned mail: User unknown')}\n"
        "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=gate\n\n"
        "--gate\n\nThe following addresses had permanent delivery errors:\n\n"
        f"--gate\nContent-Type: {kind}\n\n"
        f"Return-Path: <>\nReceived: from mx.gate.example\n{inner}\n--gate--\n"
    ).encode()
    assert told(raw) == [(ANNA, "hard")]
    assert read(raw).message_ids == (ID,)


def test_broken_boundaries_do_not_hide_a_report():
    raw = report(ID, (ANNA, "5.1.1", NO_SUCH_USER)).replace(b"--b1", b"--other")
    assert told(raw) == [(ANNA, "hard")]


def test_a_complaint_tells_who_complained_about_what():
    """S34."""
    found = read(complaint(ID, about=ANNA))
    assert [(one.kind, one.addresses) for one in found.outcomes] == [
        (ReportKind.COMPLAINT, (ANNA,))
    ]
    assert found.message_ids == (ID,)


def test_a_report_about_signatures_is_nobodys_complaint():
    assert read(complaint(ID, about=ANNA, kind="auth-failure")) is None


def test_the_key_of_an_email_names_it_when_its_message_id_was_replaced():
    """Gmail gives an email another Message-ID; our own is known from the key that travels in a header."""
    key = "0f0e0d0c0b0a49089807060504030201"
    raw = report(ID, (ANNA, "5.1.1", NO_SUCH_USER)).replace(
        b"Subject: The proof", b"X-Letterbook-Send-Key: 0f0e0d0c-0b0a-4908-9807-060504030201"
    )
    assert read(raw).message_ids == (ID, f"{key}@haldenrowe.example")
    assert freezing.SEND_KEY_HEADER == SEND_KEY_HEADER


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(
            f"{head(sender='Bo <bo@x.example>', subject='Failure notice')}\n\n{QMAIL}".encode(),
            id="a person who forwards one as text",
        ),
        pytest.param(
            report(ID, (ANNA, "5.1.1", NO_SUCH_USER)).replace(
                b"MIME-Version", b"List-Id: <ops.example>\nMIME-Version", 1
            ),
            id="one on a mailing list",
        ),
        pytest.param(
            f"{head(sender='Anna <anna@x.example>', subject='Re: delivery')}\n\nThe parcel failed to arrive.".encode(),
            id="a person who writes about a delivery",
        ),
        pytest.param(
            in_words("Your disk is nearly full.", subject="Disk usage"), id="other system mail"
        ),
    ],
)
def test_what_a_mail_server_did_not_report_is_no_report(raw):
    assert read(raw) is None


@given(
    junk=st.binary(max_size=2_000),
    subject=st.sampled_from(["failure notice", "Undelivered Mail", "Delivery delayed"]),
    kind=st.sampled_from(
        ["text/plain", "multipart/report; boundary=b1", "message/delivery-status"]
    ),
)
def test_no_bytes_are_too_strange_to_read(junk, subject, kind):
    top = f"From: MAILER-DAEMON@x.example\nSubject: {subject}\nContent-Type: {kind}\n\n".encode()
    for raw in (junk, top + junk, top + b"--b1\nContent-Type: message/delivery-status\n\n" + junk):
        try:
            parsed = parse_message(raw)
        except Unparsable:
            continue
        found = read_report(raw, parsed)
        assert found is None or found.kind in ReportKind


@pytest.mark.parametrize(
    "unit",
    [
        "a@b.example ",
        "X-A: b\n",
        "<a@b>: ",
        "user " * 20,
        "Final-Recipient: rfc822; a@b\n\n",
        "-" * 60,
        "((((",
        "domain name ",
    ],
)
def test_a_long_report_takes_no_longer_for_being_hostile(unit):
    raw = in_words(unit * (400_000 // len(unit)))
    parsed = parse_message(raw)
    began = time.process_time()
    read_report(raw, parsed)
    assert time.process_time() - began < 2


@pytest.mark.corpus
def test_each_of_the_real_reports_is_read_rightly():
    """S34: recipients and verdicts of 308 reports of forty mail systems, as read by hand."""
    labels = dict(line.split(":") for line in LABELS.read_text(encoding="utf-8").splitlines())
    wrong = []
    for name, raw in archived("bounces"):
        stem = Path(name).stem
        if stem in labels:
            wanted = sorted(filter(None, map(str.strip, labels[stem].split(","))))
            if _hashed(raw) != wanted:
                wrong.append(stem)
    assert wrong == []


def _hashed(raw: bytes) -> list[str]:
    found = read(raw)
    return sorted(
        f"{_hash(one.addresses[0]) if one.addresses else 'nobody'} {verdict(one)}"
        for one in (found.outcomes if found else ())
    )


def _hash(address: str) -> str:
    return hashlib.sha256(address.lower().encode()).hexdigest()[:12]


@pytest.mark.corpus
@pytest.mark.parametrize("name", ["openbmc", "usrp-users"])
def test_no_mail_of_a_list_is_taken_for_a_report(name):
    for raw in mbox_sample(name, every=7):
        assert read(raw) is None


@pytest.mark.corpus
def test_no_ordinary_mail_is_taken_for_a_report():
    """Two of the corpus are real reports; both say that an address does not exist."""
    found = [raw for raw in mbox_sample("spamassassin", every=1, most=7_000) if read(raw)]
    assert len(found) <= 2
