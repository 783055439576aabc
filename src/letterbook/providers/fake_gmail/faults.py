"""Fault scripts: what goes wrong, with which call, how often.

refuse:CODE[:KIND]   an error answer and nothing done: 400 401 403 404 413 429 500 502 503 504;
                     KIND for 403: rate daily scope policy disabled · for 429: rate sending concurrency
refuse:WORD          for the token endpoint: invalid_grant, invalid_client, …
drop_before          the connection ends, nothing done             reset_before   the same with RST
act_then_drop        done, then the connection ends unanswered     act_then_reset the same with RST
act_then_half        done, then half of the answer
act_then_CODE        done, but the answer says 500, 502, 503 …
delay:SECONDS        done at once, answered late
stall:SECONDS        nothing happens for a while, then all is well
drip:SECONDS         done, answered one byte at a time, so many seconds apart
broken_json  html  empty    done, answered 200 with a body that is no answer
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from letterbook.providers.fake_gmail.refusals import (
    Refusal,
    daily_limit,
    invalid,
    not_configured,
    not_found,
    policy_forbids,
    scope_missing,
    sending_limit,
    slow_down,
    too_large,
    too_many_at_once,
    unauthenticated,
)
from letterbook.providers.fake_gmail.times import in_google_form
from letterbook.providers.fake_gmail.wire import Dropped, FakeAnswer, Outcome, json_answer

_SHAPES = re.compile(
    r"refuse:\d{3}(?::[a-z]+)?|refuse:[a-z_]+|drop_before|reset_before"
    r"|act_then_(?:drop|reset|half|5\d\d)|(?:delay|stall|drip):\d+(?:\.\d+)?|broken_json|html|empty"
)


@dataclass
class Fault:
    """One script: the first `skip` matching requests are spared, the next `times` are struck."""

    match: str
    how: str
    times: int = 1
    mailbox: str = ""
    skip: int = 0
    retry_after: float = 0.0

    def __post_init__(self) -> None:
        if not _SHAPES.fullmatch(self.how):
            raise ValueError(f"No such fault: {self.how!r}")

    @property
    def seconds(self) -> float:
        return float(self.how.partition(":")[2])

    def strikes(self, name: str, *, mailbox: str) -> bool:
        """Whether this request is meant, and counted as struck."""
        is_meant = fnmatchcase(name, self.match)
        if self.mailbox:
            is_meant = is_meant and self.mailbox.casefold() == mailbox.casefold()
        if not is_meant or not self.times:
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.times -= 1
        return True


def outcome_of(fault: Fault, act: Callable[[], FakeAnswer], *, at: datetime) -> Outcome:
    """Return what comes back under `fault`; `act` is called only where the fault lets it happen."""
    if fault.how.startswith("refuse:"):
        return _refusal(fault, at=at)
    if fault.how in {"drop_before", "reset_before"}:
        return Dropped(is_reset=fault.how == "reset_before")
    return _after_acting(fault, act())


def _after_acting(fault: Fault, answer: FakeAnswer) -> Outcome:
    name, _, argument = fault.how.partition(":")
    if name == "delay":
        return replace(answer, after=float(argument))
    if name == "drip":
        return replace(answer, seconds_per_byte=float(argument))
    if name == "stall":
        return answer
    if name == "act_then_half":
        head = f"HTTP/1.1 {answer.status} OK\r\nContent-Length: {len(answer.body)}\r\n\r\n"
        return Dropped(sent=head.encode() + answer.body[: len(answer.body) // 2])
    if name in {"act_then_drop", "act_then_reset"}:
        return Dropped(is_reset=name == "act_then_reset")
    if name.startswith("act_then_"):
        return _trouble(int(name.removeprefix("act_then_"))).answer()
    bodies = {"broken_json": answer.body[:-1] or b"{", "html": _HTML, "empty": b""}
    return FakeAnswer(200, bodies[name])


_HTML = b"<!doctype html><title>Sign in to the guest network</title>"


def _refusal(fault: Fault, *, at: datetime) -> FakeAnswer:
    _, code, kind = (*fault.how.split(":"), "")[:3]
    until = in_google_form(at + timedelta(seconds=fault.retry_after or 60))
    if not code.isdigit():
        return json_answer({"error": code, "error_description": "Bad Request"}, status=400)
    kinds = _kinds(until)
    refusal = kinds.get(f"{code}:{kind}") or kinds.get(code) or _trouble(int(code))
    if fault.retry_after and int(code) >= 500:
        refusal.retry_after = str(int(fault.retry_after))
    return refusal.answer()


def _kinds(until: str) -> Mapping[str, Refusal]:
    return {
        "400": invalid("Invalid request"),
        "401": unauthenticated(),
        "403": slow_down(until),
        "403:daily": daily_limit(),
        "403:scope": scope_missing(),
        "403:policy": policy_forbids(),
        "403:disabled": not_configured(),
        "404": not_found(),
        "413": too_large(),
        "429": Refusal(429, "rateLimitExceeded", slow_down(until).message, domain="usageLimits"),
        "429:sending": sending_limit(until),
        "429:concurrency": too_many_at_once(),
    }


def _trouble(code: int) -> Refusal:
    return Refusal(code, "backendError", "Internal error encountered.")
