"""What an answer of Gmail means: the thing asked for, or one of our errors, named by what to do next."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from letterbook.providers.errors import (
    AccessRevoked,
    Gone,
    Limit,
    OutcomeUnknown,
    PermissionMissing,
    ProviderError,
    Rejected,
    SetupWrong,
    TryLater,
)
from letterbook.providers.gmail.redaction import redact
from letterbook.providers.gmail.retry_times import read_retry_time
from letterbook.providers.gmail.transport import Reply, Silence

_SLOW_DOWN = {"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "RATE_LIMIT_EXCEEDED"}
_SCOPE = {"insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}


@dataclass(frozen=True, slots=True)
class GoogleError:
    """Google's own error body: its code, its message, and every reason it gives."""

    code: int
    message: str
    reasons: frozenset[str]


@dataclass(frozen=True, slots=True)
class Asked:
    """The question that an answer is judged by. `is_repeatable`: asking again changes nothing."""

    is_repeatable: bool
    at: datetime
    secrets: tuple[str, ...] = field(default=(), repr=False)


# Any: JSON whose shape Google may change; `reading` gives it types.
def read_answer(answer: Reply | Silence, *, asked: Asked) -> Mapping[str, Any]:
    """Return the JSON object of a good answer (empty for 204), or raise what the answer means."""
    if isinstance(answer, Silence):
        raise _meaning_of_silence(answer, asked)
    if answer.status == 204:
        return {}
    body = parse_object(answer.body)
    if 200 <= answer.status < 300 and body is not None:
        return body
    raise _meaning_of_refusal(answer, body, asked)


def is_token_refused(answer: Reply | Silence) -> bool:
    """Whether Google itself said, before doing anything, that the access token is not good (any more)."""
    if isinstance(answer, Silence) or answer.status != 401:
        return False
    body = parse_object(answer.body)
    return body is not None and read_google_error(body) is not None


def parse_object(body: bytes) -> dict[str, Any] | None:
    """Return `body` as a JSON object, or None when it is anything else."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def unreadable(asked: Asked, *, evidence: str, status: int) -> ProviderError:
    """Return what it means that an answer came which is not understood."""
    return _ambiguous("Gmail's answer could not be understood.", asked, evidence, status)


def _ambiguous(message: str, asked: Asked, evidence: str, status: int) -> ProviderError:
    evidence = redact(evidence, secrets=asked.secrets)
    if asked.is_repeatable:
        return TryLater(message, evidence, status)
    return OutcomeUnknown(f"{message} It may have been done.", evidence, status)


def _meaning_of_silence(silence: Silence, asked: Asked) -> ProviderError:
    if silence.was_sent:
        return _ambiguous("Gmail did not answer completely.", asked, silence.reason, 0)
    return TryLater("Gmail could not be reached.", redact(silence.reason, secrets=asked.secrets), 0)


def _meaning_of_refusal(
    reply: Reply, body: Mapping[str, Any] | None, asked: Asked
) -> ProviderError:
    evidence = redact(reply.body.decode("utf-8", "replace"), secrets=asked.secrets)
    if (
        reply.status == 413
    ):  # also from Google's front end, whose page is HTML: nothing behind it saw the request
        return Rejected("This email is larger than Gmail accepts.", evidence, 413)
    error = read_google_error(body) if body is not None else None
    # Only Google's own error body proves that the request was refused and not half done.
    if error is None or not 400 <= reply.status < 500:
        return _meaning_of_trouble(reply, asked, evidence)
    if _says_slow_down(error, reply.status):
        return _slow_down(error, reply, asked, evidence)
    return _meaning_of_error(error, reply.status, asked, evidence)


def _meaning_of_trouble(reply: Reply, asked: Asked, evidence: str) -> ProviderError:
    if reply.status < 500:
        return unreadable(asked, evidence=evidence, status=reply.status)
    trouble = _ambiguous("Gmail had a problem of its own.", asked, evidence, reply.status)
    if isinstance(trouble, TryLater):
        header = reply.headers.get("retry-after", "")
        trouble.retry_at = read_retry_time(text="", header=header, at=asked.at)
    return trouble


def read_google_error(body: Mapping[str, Any]) -> GoogleError | None:
    """Return the error inside an error body, or None when this is not one of Google's."""
    error = body.get("error")
    if not isinstance(error, dict):
        return None
    reasons = {str(error.get("status", ""))}
    for key in ("errors", "details"):
        listed = error.get(key)
        if isinstance(listed, list):
            reasons |= {str(one.get("reason", "")) for one in listed if isinstance(one, dict)}
    code = error.get("code")
    message = str(error.get("message", ""))
    return GoogleError(code if isinstance(code, int) else 0, message, frozenset(reasons - {""}))


def _says_slow_down(error: GoogleError, status: int) -> bool:
    if status == 429:
        return True
    return status == 403 and bool(error.reasons & (_SLOW_DOWN | {"dailyLimitExceeded"}))


def _slow_down(error: GoogleError, reply: Reply, asked: Asked, evidence: str) -> TryLater:
    header = reply.headers.get("retry-after", "")
    limit = _which_limit(error)
    return TryLater(
        _LIMIT_MESSAGES[limit],
        evidence,
        reply.status,
        retry_at=read_retry_time(text=error.message, header=header, at=asked.at),
        limit=limit,
    )


_LIMIT_MESSAGES: Mapping[Limit, str] = {
    "none": "Gmail asked to slow down.",
    "rate": "Gmail asked to slow down.",
    "concurrency": "Gmail asked for fewer requests at the same time.",
    "daily_sending": "Gmail's sending limit for this mailbox is used up for now.",
    "project": "The Google project's daily limit is used up.",
}


def _which_limit(error: GoogleError) -> Limit:
    if re.search(r"\bsending\b", error.message, re.I):
        return "daily_sending"
    if re.search(r"too many concurrent", error.message, re.I):
        return "concurrency"
    if "dailyLimitExceeded" in error.reasons or re.search(r"\bper day\b", error.message, re.I):
        return "project"
    return "rate"


def _meaning_of_error(
    error: GoogleError, status: int, asked: Asked, evidence: str
) -> ProviderError:
    if status == 403:
        return _meaning_of_403(error, evidence)
    if status in {408, 409, 499}:  # timed out or collided inside Google: perhaps done
        return _ambiguous("Gmail broke off.", asked, evidence, status)
    if status == 400 and re.search(r"mail service not enabled", error.message, re.I):
        return SetupWrong("Gmail is not enabled for this Google account.", evidence, status)
    build, message = _BY_STATUS.get(status, _REJECTED)
    return build(message, evidence, status)


_Build = Callable[[str, str, int], ProviderError]
_REJECTED: tuple[_Build, str] = (Rejected, "Gmail rejected the request.")
_BY_STATUS: Mapping[int, tuple[_Build, str]] = {
    401: (AccessRevoked, "Google no longer accepts this mailbox's permission."),
    404: (Gone, "Gmail no longer has this."),
    410: (Gone, "Gmail no longer has this."),
}


def _meaning_of_403(error: GoogleError, evidence: str) -> ProviderError:
    if error.reasons & _SCOPE:
        return PermissionMissing(
            "The permission given to this mailbox is too small.", evidence, 403
        )
    if error.reasons & {"accessNotConfigured", "SERVICE_DISABLED"}:
        return SetupWrong("The Gmail API is not enabled in the Google project.", evidence, 403)
    if "domainPolicy" in error.reasons:
        return SetupWrong(
            "The organisation's Google administrator does not allow this.", evidence, 403
        )
    return SetupWrong("Google forbids this. An administrator has to look at it.", evidence, 403)
