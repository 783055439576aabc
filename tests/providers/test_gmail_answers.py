"""Every class of failure has one meaning (S32), and for a send, doubt is never called a refusal."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from letterbook.providers import errors
from letterbook.providers.gmail.client import GmailMailbox
from letterbook.providers.gmail.redaction import MAX_EVIDENCE, redact
from letterbook.providers.gmail.retry_times import LONGEST_PAUSE, read_retry_time

AT = datetime(2026, 11, 17, 9, 30, tzinfo=UTC)
TOKEN = "ya29.secret-token-of-this-test"


OPAQUE = "no-form-of-token-that-anyone-knows"


class Tokens:
    def __init__(self, token):
        self.token = token

    def access_token(self):
        return self.token

    def refresh_now(self, rejected):
        return self.token + "-2"


def mailbox(answer, *, token=TOKEN):
    return GmailMailbox(
        tokens=Tokens(token), transport=httpx.MockTransport(answer), clock=lambda: AT
    )


def google_error(code, reason="", message="No.", **more):
    error = {"code": code, "message": message, **more}
    if reason:
        error["errors"] = [{"domain": "global", "reason": reason, "message": message}]
    return json.dumps({"error": error})


def raised(status, body, *, by="read", headers=None, token=TOKEN):
    box = mailbox(lambda request: httpx.Response(status, text=body, headers=headers), token=token)
    call = {
        "read": box.read_profile,
        "send": lambda: box.send_draft("r1"),
        "create": lambda: box.create_draft(b"Subject: x\r\n\r\n"),
        "delete": lambda: box.delete_draft("r1"),
    }[by]
    with pytest.raises(errors.ProviderError) as caught:
        call()
    return caught.value


UNKNOWN, LATER = errors.OutcomeUnknown, errors.TryLater

# status, body, what it means for a read, what it means for a send
MEANINGS = [
    (400, google_error(400, "invalidArgument"), errors.Rejected, errors.Rejected),
    (400, google_error(400, "failedPrecondition"), errors.Rejected, errors.Rejected),
    (
        400,
        google_error(400, "failedPrecondition", "Mail service not enabled"),
        errors.SetupWrong,
        errors.SetupWrong,
    ),
    (401, google_error(401, "authError"), errors.AccessRevoked, errors.AccessRevoked),
    (403, google_error(403, "rateLimitExceeded"), LATER, LATER),
    (403, google_error(403, "userRateLimitExceeded"), LATER, LATER),
    (403, google_error(403, "quotaExceeded"), LATER, LATER),
    (403, google_error(403, "dailyLimitExceeded"), LATER, LATER),
    (
        403,
        google_error(403, "insufficientPermissions"),
        errors.PermissionMissing,
        errors.PermissionMissing,
    ),
    (
        403,
        google_error(403, details=[{"reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}]),
        errors.PermissionMissing,
        errors.PermissionMissing,
    ),
    (403, google_error(403, "domainPolicy"), errors.SetupWrong, errors.SetupWrong),
    (403, google_error(403, "accessNotConfigured"), errors.SetupWrong, errors.SetupWrong),
    (403, google_error(403, "forbidden"), errors.SetupWrong, errors.SetupWrong),
    (404, google_error(404, "notFound"), errors.Gone, errors.Gone),
    (410, google_error(410, "deleted"), errors.Gone, errors.Gone),
    (413, "<html>Request too large</html>", errors.Rejected, errors.Rejected),
    (429, google_error(429, "rateLimitExceeded"), LATER, LATER),
    (429, google_error(429), LATER, LATER),
    (408, google_error(408), LATER, UNKNOWN),
    (409, google_error(409, "aborted"), LATER, UNKNOWN),
    (418, google_error(418), errors.Rejected, errors.Rejected),
    (500, google_error(500, "backendError"), LATER, UNKNOWN),
    (502, "<html>Bad gateway</html>", LATER, UNKNOWN),
    (503, "", LATER, UNKNOWN),
    (504, google_error(504, "backendError"), LATER, UNKNOWN),
    # Not Google's own error body: a proxy spoke, and nobody knows what was behind it.
    (400, "<html>Bad request</html>", LATER, UNKNOWN),
    (401, "<html>Log in to the network</html>", LATER, UNKNOWN),
    (403, '{"message": "blocked"}', LATER, UNKNOWN),
    (404, '{"error": "no"}', LATER, UNKNOWN),
    (429, "slow", LATER, UNKNOWN),
    (302, "", LATER, UNKNOWN),
    # "Done" without a readable receipt.
    (200, "", LATER, UNKNOWN),
    (200, '{"id": "18', LATER, UNKNOWN),
    (200, "[]", LATER, UNKNOWN),
    (200, "{}", LATER, UNKNOWN),
    (200, '{"id": 7, "threadId": null, "emailAddress": 1, "historyId": 2}', LATER, UNKNOWN),
    (200, "[" * 100_000, LATER, UNKNOWN),
    (204, "", LATER, UNKNOWN),
]


@pytest.mark.parametrize(("status", "body", "for_read", "for_send"), MEANINGS)
def test_an_answer_means_for_a_read_and_for_a_send(status, body, for_read, for_send):
    assert type(raised(status, body, by="read")) is for_read
    assert type(raised(status, body, by="send")) is for_send
    assert type(raised(status, body, by="create")) is for_send


def test_the_status_is_kept_for_the_log():
    assert [raised(status, body).status for status, body, _, _ in MEANINGS[:-7]] == [
        status for status, _, _, _ in MEANINGS[:-7]
    ]


NEVER_SENT = [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError]
PERHAPS_SENT = [
    httpx.ReadTimeout,
    httpx.WriteTimeout,
    httpx.ReadError,
    httpx.WriteError,
    httpx.CloseError,
    httpx.RemoteProtocolError,
    httpx.DecodingError,
]


def silent(kind):
    calls = []

    def answer(request):
        calls.append(request)
        raise kind(f"what happened with {TOKEN}", request=request)

    return mailbox(answer), calls


@pytest.mark.parametrize("kind", NEVER_SENT)
def test_a_server_never_reached_did_nothing_and_may_be_asked_later(kind):
    box, calls = silent(kind)
    for ask in (box.read_profile, lambda: box.send_draft("r1"), lambda: box.create_draft(b"x")):
        with pytest.raises(errors.TryLater, match="could not be reached"):
            ask()
    assert len(calls) == 3


@pytest.mark.parametrize("kind", PERHAPS_SENT)
def test_silence_after_the_request_left_is_unknown_for_a_send_and_later_for_a_read(kind):
    box, calls = silent(kind)
    with pytest.raises(errors.TryLater):
        box.read_profile()
    with pytest.raises(errors.TryLater):
        box.delete_draft("r1")
    for ask in (lambda: box.send_draft("r1"), lambda: box.create_draft(b"x")):
        with pytest.raises(errors.OutcomeUnknown) as caught:
            ask()
        assert TOKEN not in caught.value.evidence
    assert len(calls) == 4


@pytest.mark.parametrize(
    ("message", "limit"),
    [
        ("User-rate limit exceeded (Mail sending)", "daily_sending"),
        ("User-rate limit exceeded", "rate"),
        ("Too many concurrent requests for user", "concurrency"),
        ("Quota exceeded for quota metric 'Queries' and limit 'Queries per day'", "project"),
        ("Quota exceeded for quota metric 'Queries' and limit 'Queries per minute'", "rate"),
    ],
)
def test_the_kinds_of_429_are_told_apart(message, limit):
    assert raised(429, google_error(429, "rateLimitExceeded", message), by="send").limit == limit


def test_the_owners_daily_cap_concerns_the_whole_project():
    assert raised(403, google_error(403, "dailyLimitExceeded")).limit == "project"


def test_the_time_in_the_text_is_when_to_come_back():
    message = "User-rate limit exceeded.  Retry after 2026-11-17T20:00:00.000Z"
    error = raised(403, google_error(403, "rateLimitExceeded", message))
    assert error.retry_at == datetime(2026, 11, 17, 20, 0, tzinfo=UTC)


@pytest.mark.parametrize("status", [429, 503])
def test_a_retry_after_header_counts_too(status):
    error = raised(status, google_error(status), headers={"Retry-After": "90"})
    assert error.retry_at == AT + timedelta(seconds=90)


@pytest.mark.parametrize(
    ("text", "header", "expected"),
    [
        ("", "", None),
        ("", "-5", None),
        ("", "0", None),
        ("", "soon", None),
        ("", "²", None),
        ("", "120", timedelta(seconds=120)),
        ("", "Tue, 17 Nov 2026 09:31:00 GMT", timedelta(minutes=1)),
        ("", "Tue, 17 Nov 2026 08:00:00 GMT", None),
        ("", "999999999", LONGEST_PAUSE),
        ("Retry after 2026-11-17T09:35:00Z", "", timedelta(minutes=5)),
        ("Retry after 2026-11-17T09:35:00Z", "600", timedelta(minutes=10)),
        ("Retry after 2026-11-17T11:35:00+02:00", "", timedelta(minutes=5)),
        ("Retry after 2020-01-01T00:00:00Z", "", None),
        ("Retry after 2199-01-01T00:00:00Z", "", LONGEST_PAUSE),
        ("Retry after 2026-99-99T99:99:99Z", "", None),
        ("Retry after 9999-12-31T23:59:59-23:59", "", None),
    ],
)
def test_when_to_come_back_is_read_or_ignored(text, header, expected):
    found = read_retry_time(text=text, header=header, at=AT)
    assert found == (None if expected is None else AT + expected)


@given(st.text(), st.text())
def test_whatever_is_named_the_time_to_come_back_is_within_a_day(text, header):
    found = read_retry_time(text=f"Retry after {text}", header=header, at=AT)
    assert found is None or AT < found <= AT + LONGEST_PAUSE


@given(st.binary(max_size=300), st.sampled_from([200, 204, 302, 400, 401, 403, 404, 429, 500, 503]))
def test_whatever_comes_back_a_send_never_raises_anything_but_our_own(body, status):
    box = mailbox(lambda request: httpx.Response(status, content=body))
    with pytest.raises(errors.ProviderError):
        box.send_draft("r1")


SECRETS = {
    "bearer": "Bearer abc.def-ghi",
    "access": "ya29.a0AfH6SMBx_long-token",
    "refresh": "1//0gLongRefreshTokenOfGoogle_1234",
    "code": "4/0AX4XfWhLongCodeOfGoogle_12345",
    "json": '{"access_token": "opaque-token-of-another-server"}',
    "form": "refresh_token=opaque.token&client_secret=very-secret-thing",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
    "address": "ann@haldenrowe.example",
}


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS.keys())
def test_evidence_shows_no_token_and_no_address(secret):
    shown = redact(f"before {secret} after")
    for part in ("abc.def", "AfH6", "0gLong", "0AX4", "opaque", "very-secret", "eyJ", "ann@"):
        assert part not in shown
    assert shown.startswith("before")


def test_evidence_keeps_what_explains_the_failure():
    error = raised(403, google_error(403, "domainPolicy", "The domain administrators said no."))
    assert "domainPolicy" in error.evidence
    assert "domain administrators said no" in error.evidence


def test_evidence_is_short_however_long_the_answer():
    assert len(raised(500, "x" * 10_000_000).evidence) == MAX_EVIDENCE


def test_the_token_of_the_request_is_hidden_in_whatever_form_it_has():
    error = raised(400, google_error(400, message=f"you said {OPAQUE}"), token=OPAQUE)
    assert "you said [token]" in error.evidence
    assert OPAQUE not in repr(error)


@pytest.mark.parametrize("raw", ["SGVsbG8*", "SGVs bG8", "S", "SGVsbG8===="])
def test_a_source_that_is_not_whole_base64_is_not_taken_for_an_email(raw):
    told = {"id": "1", "threadId": "1", "internalDate": "1", "raw": raw}
    box = mailbox(lambda request: httpx.Response(200, json=told))
    with pytest.raises(errors.TryLater, match="could not be understood"):
        box.fetch_message("1")
