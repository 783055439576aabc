"""One Gmail mailbox: each method is one request."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from urllib.parse import quote

import httpx

from letterbook.providers.clocks import clock_off
from letterbook.providers.errors import Gone, HistoryExpired
from letterbook.providers.gmail import reading
from letterbook.providers.gmail.answers import Asked, is_token_refused, read_answer, unreadable
from letterbook.providers.gmail.tokens import AccessTokens
from letterbook.providers.gmail.transport import (
    LONG_SECONDS,
    SHORT_SECONDS,
    Call,
    Reply,
    Silence,
    Wire,
)
from letterbook.providers.gmail.uploading import draft_upload
from letterbook.providers.mail import (
    Draft,
    HistoryPage,
    Label,
    MailProvider,
    MessageHeaders,
    MessagePage,
    Profile,
    ProviderMessage,
    SendAs,
    SentMessage,
)

Shape = TypeVar("Shape")
_ME = "/gmail/v1/users/me"


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class _Ask:
    """A request before it has a token."""

    path: str
    method: str = "GET"
    params: tuple[tuple[str, str], ...] = ()
    body: bytes | None = field(default=None, repr=False)
    content_type: str = "application/json"
    is_repeatable: bool = True
    seconds: float = SHORT_SECONDS


class GmailMailbox(MailProvider):
    """The mailbox that `tokens` opens; may be shared by a few threads. Nothing is repeated, ever.

    The one exception is a 401, which Gmail gives before doing anything: the same request goes out once
    more with a fresh token.
    """

    def __init__(
        self,
        *,
        tokens: AccessTokens,
        api_url: str = "https://gmail.googleapis.com",
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], datetime] = _now,
        longest: float = float("inf"),
    ) -> None:
        self._tokens = tokens
        self._api_url = api_url.rstrip("/")
        self._wire = Wire(url=api_url, transport=transport)
        self._clock = clock
        self._longest = longest
        self.clock_off = timedelta()

    def read_profile(self) -> Profile:
        """Return whose mailbox this is and its present history cursor."""
        return self._ask(_Ask(f"{_ME}/profile"), reading.read_profile)

    def list_messages(
        self, *, query: str = "", labels: Sequence[str] = (), page: str = "", limit: int = 500
    ) -> MessagePage:
        """Return one page of message ids, roughly newest first, spam and trash left out."""
        params = [("maxResults", str(limit))]
        params += [("labelIds", label) for label in labels]
        params += [(name, value) for name, value in (("q", query), ("pageToken", page)) if value]
        ask = _Ask(f"{_ME}/messages", params=tuple(params))
        return self._ask(ask, reading.read_message_page)

    def list_history(self, *, since: str, page: str = "") -> HistoryPage:
        """Return one page of changes after `since`; raise `HistoryExpired` when that is too long ago."""
        params = [("startHistoryId", since), ("maxResults", "500")]
        params += [("historyTypes", one) for one in reading.HISTORY_TYPES]
        if page:
            params.append(("pageToken", page))
        try:
            ask = _Ask(f"{_ME}/history", params=tuple(params))
            return self._ask(ask, reading.read_history_page)
        except Gone as gone:
            raise HistoryExpired(
                "Gmail no longer remembers that far back.", gone.evidence, gone.status
            ) from gone

    def fetch_message(self, message_id: str) -> ProviderMessage:
        """Return one message with its source; raise `Gone` when it was deleted meanwhile."""
        ask = _Ask(
            f"{_ME}/messages/{_segment(message_id)}",
            params=(("format", "raw"),),
            seconds=LONG_SECONDS,
        )
        return self._ask(ask, reading.read_message)

    def fetch_headers(self, message_id: str, *, names: Sequence[str]) -> MessageHeaders:
        """Return labels and the named headers of one message."""
        params = [("format", "metadata" if names else "minimal")]
        params += [("metadataHeaders", name) for name in names]
        ask = _Ask(f"{_ME}/messages/{_segment(message_id)}", params=tuple(params))
        return self._ask(ask, reading.read_headers)

    def create_draft(self, raw: bytes, *, thread_id: str = "") -> Draft:
        """Store `raw` as a draft. Harmless when its outcome is unknown: at worst a draft nobody sends."""
        upload = draft_upload(raw, thread_id=thread_id)
        ask = _Ask(
            upload.path,
            method="POST",
            params=upload.params,
            body=upload.body,
            content_type=upload.content_type,
            is_repeatable=False,
            seconds=LONG_SECONDS,
        )
        return self._ask(ask, reading.read_draft)

    def find_draft(self, draft_id: str) -> Draft | None:
        """Return the draft as it is now, or None when there is no such draft any more."""
        ask = _Ask(f"{_ME}/drafts/{_segment(draft_id)}", params=(("format", "minimal"),))
        try:
            return self._ask(ask, reading.read_draft)
        except Gone:
            return None

    def list_drafts(self, *, limit: int = 20) -> tuple[Draft, ...]:
        """Return the newest drafts (labels may be unknown: empty)."""
        return self._ask(
            _Ask(f"{_ME}/drafts", params=(("maxResults", str(limit)),)), reading.read_drafts
        )

    def delete_draft(self, draft_id: str) -> bool:
        """Delete a draft; return whether there was one. A draft already gone is fine."""
        try:
            self._ask(_Ask(f"{_ME}/drafts/{_segment(draft_id)}", method="DELETE"), lambda _: None)
        except Gone:
            return False
        return True

    def send_draft(self, draft_id: str) -> SentMessage:
        """Send a stored draft. `Gone` means there was no such draft to send; `OutcomeUnknown` means ask."""
        ask = _Ask(
            f"{_ME}/drafts/send",
            method="POST",
            body=json.dumps({"id": draft_id}).encode(),
            is_repeatable=False,
        )
        return self._ask(ask, reading.read_sent)

    def list_send_as(self) -> tuple[SendAs, ...]:
        """Return the addresses this account may send from."""
        return self._ask(_Ask(f"{_ME}/settings/sendAs"), reading.read_send_as)

    def list_labels(self) -> tuple[Label, ...]:
        """Return the labels of this account, its own and Gmail's."""
        return self._ask(_Ask(f"{_ME}/labels"), reading.read_labels)

    def close(self) -> None:
        """Give back the connections."""
        self._wire.close()

    def _ask(self, ask: _Ask, read: Callable[[reading.Json], Shape]) -> Shape:
        token = self._tokens.access_token()
        answer = self._perform(ask, token)
        if is_token_refused(answer):
            token = self._tokens.refresh_now(token)
            answer = self._perform(ask, token)
        asked = Asked(is_repeatable=ask.is_repeatable, at=self._clock(), secrets=(token,))
        body = read_answer(answer, asked=asked)
        try:
            return read(body)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise unreadable(asked, evidence=f"{error!r} in {sorted(body)}", status=200) from error

    def _perform(self, ask: _Ask, token: str) -> Reply | Silence:
        headers = {"Authorization": f"Bearer {token}"}
        if ask.body is not None:
            headers["Content-Type"] = ask.content_type
        asked_at = self._clock()
        answer = self._wire.perform(
            Call(
                method=ask.method,
                url=f"{self._api_url}{ask.path}",
                params=ask.params,
                headers=headers,
                body=ask.body,
                seconds=min(ask.seconds, self._longest),
            )
        )
        if isinstance(answer, Reply):
            told = answer.headers.get("date", "")
            self.clock_off = clock_off(told, asked_at=asked_at, answered_at=self._clock())
        return answer


def _segment(provider_id: str) -> str:
    """A path segment, whatever the id holds: an id must not be able to name another resource."""
    return quote(provider_id, safe="").replace(".", "%2E")
