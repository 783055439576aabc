"""Google's own words when it says no."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from letterbook.providers.fake_gmail.wire import FakeAnswer, json_answer

_STATUS_NAMES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}


@dataclass(eq=False)
class Refusal(Exception):
    """A request that Gmail refuses without doing anything."""

    code: int
    reason: str
    message: str
    domain: str = "global"
    status: str = ""
    detail: str = ""
    retry_after: str = ""

    def answer(self) -> FakeAnswer:
        """Return the error body that Google sends."""
        one = {"message": self.message, "domain": self.domain, "reason": self.reason}
        # Any: the body mixes numbers, texts and lists.
        error: dict[str, Any] = {"code": self.code, "message": self.message, "errors": [one]}
        error["status"] = self.status or _STATUS_NAMES.get(self.code, "UNKNOWN")
        if self.detail:
            kind = "type.googleapis.com/google.rpc.ErrorInfo"
            error["details"] = [{"@type": kind, "reason": self.detail, "domain": "googleapis.com"}]
        headers = (("Retry-After", self.retry_after),) if self.retry_after else ()
        return json_answer({"error": error}, status=self.code, headers=headers)


def not_found() -> Refusal:
    return Refusal(404, "notFound", "Requested entity was not found.")


def invalid(message: str) -> Refusal:
    return Refusal(400, "invalidArgument", message)


def unauthenticated() -> Refusal:
    return Refusal(
        401,
        "authError",
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login "
        "cookie or other valid authentication credential.",
    )


def scope_missing() -> Refusal:
    return Refusal(
        403,
        "insufficientPermissions",
        "Request had insufficient authentication scopes.",
        detail="ACCESS_TOKEN_SCOPE_INSUFFICIENT",
    )


def too_large() -> Refusal:
    return Refusal(413, "uploadTooLarge", "The request is too large.")


def slow_down(until: str) -> Refusal:
    """The usual quota answer: a 403, with the time in its text and no header."""
    message = f"User-rate limit exceeded.  Retry after {until}"
    return Refusal(403, "rateLimitExceeded", message, domain="usageLimits")


def sending_limit(until: str) -> Refusal:
    message = f"User-rate limit exceeded (Mail sending).  Retry after {until}"
    return Refusal(429, "rateLimitExceeded", message, domain="usageLimits")


def too_many_at_once() -> Refusal:
    message = "Too many concurrent requests for user"
    return Refusal(429, "rateLimitExceeded", message, domain="usageLimits")


def daily_limit() -> Refusal:
    return Refusal(403, "dailyLimitExceeded", "Daily Limit Exceeded", domain="usageLimits")


def policy_forbids() -> Refusal:
    message = "The domain administrators have disabled Gmail apps."
    return Refusal(403, "domainPolicy", message)


def not_configured() -> Refusal:
    message = "Gmail API has not been used in project 0 before or it is disabled."
    return Refusal(
        403, "accessNotConfigured", message, domain="usageLimits", detail="SERVICE_DISABLED"
    )
