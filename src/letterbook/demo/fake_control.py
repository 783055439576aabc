"""The demo's hands in the fake Gmail: its control API over HTTP."""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import httpx

from letterbook.demo.deliveries import Delivery


@dataclass(frozen=True, slots=True)
class Departed:
    """An email that the fake accepted from Letterbook."""

    mailbox: str
    recipients: tuple[str, ...]
    gmail_message_id: str
    at: str


class FakeControl:
    """Opens accounts, puts email into them, and sees what was sent."""

    def __init__(self, base_url: str) -> None:
        self._http = httpx.Client(base_url=base_url, timeout=10)

    def __enter__(self) -> FakeControl:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._http.close()

    def wait_until_answering(self, *, seconds: float) -> None:
        """Return once the fake Gmail answers; raise what httpx raises when it does not in this time."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                self._ask("GET", "/_fake/accounts")
            except httpx.ConnectError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
            else:
                return

    def create_account(
        self, address: str, *, name: str, alias: str = "", signature: str = ""
    ) -> None:
        """Open an empty account, with what stands under its email and a further address where there is one."""
        aliases = [alias] if alias else []
        body = {"address": address, "name": name, "aliases": aliases, "signature": signature}
        self._ask("POST", "/_fake/accounts", body)

    def put(self, delivery: Delivery) -> None:
        """Put an email into a mailbox as if it had come at its time."""
        body = {
            "raw": base64.b64encode(delivery.raw).decode(),
            "labels": list(delivery.labels),
            "received_at": delivery.at.isoformat(),
        }
        self._ask("POST", f"/_fake/mailboxes/{delivery.mailbox}/messages", body)

    def departed(self) -> list[Departed]:
        """Return every email that Letterbook has sent, in order."""
        found = self._ask("GET", "/_fake/accepted")["accepted"]
        return [
            Departed(
                mailbox=one["mailbox"],
                recipients=tuple(one["recipients"]),
                gmail_message_id=one["gmail_message_id"],
                at=one["at"],
            )
            for one in found
        ]

    def read(self, mailbox: str, message_id: str) -> bytes:
        """Return the source of an email."""
        token = self._ask("POST", "/_fake/grants", {"address": mailbox})["access_token"]
        answer = self._http.get(
            f"/gmail/v1/users/me/messages/{message_id}",
            params={"format": "raw"},
            headers={"Authorization": f"Bearer {token}"},
        )
        raw = answer.raise_for_status().json()["raw"]
        return base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4))

    def refuse_next(self, call: str, *, mailbox: str) -> None:
        """Have Gmail refuse the next call of this name from this mailbox for good."""
        self._ask("POST", "/_fake/faults", {"match": call, "how": "refuse:400", "mailbox": mailbox})

    # Any: JSON both ways.
    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = self._http.request(method, path, json=body).raise_for_status()
        found: dict[str, Any] = answer.json() if answer.content else {}
        return found
