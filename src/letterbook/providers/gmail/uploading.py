"""How an email travels to Gmail: inside JSON while small, as a part of its own when JSON would inflate it."""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass, field

# Base64 in JSON adds a third; up to here one plain request is simpler than a multipart body.
LARGEST_IN_JSON = 256 * 1024

_DRAFTS = "/gmail/v1/users/me/drafts"


@dataclass(frozen=True, slots=True)
class Upload:
    """A body and where it goes."""

    path: str
    content_type: str
    body: bytes = field(repr=False)
    params: tuple[tuple[str, str], ...] = ()


def draft_upload(raw: bytes, *, thread_id: str) -> Upload:
    """Return the request that stores `raw` as a draft, in the thread where one is named."""
    message = {"threadId": thread_id} if thread_id else {}
    if len(raw) <= LARGEST_IN_JSON:
        message["raw"] = base64.urlsafe_b64encode(raw).decode()
        return Upload(_DRAFTS, "application/json", json.dumps({"message": message}).encode())
    return _multipart(raw, described_by={"message": message})


def _multipart(raw: bytes, *, described_by: dict[str, dict[str, str]]) -> Upload:
    boundary = secrets.token_hex(24).encode()
    body = b"".join(
        (
            b"--%s\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n" % boundary,
            json.dumps(described_by).encode(),
            b"\r\n--%s\r\nContent-Type: message/rfc822\r\n\r\n" % boundary,
            raw,
            b"\r\n--%s--\r\n" % boundary,
        )
    )
    return Upload(
        f"/upload{_DRAFTS}",
        f"multipart/related; boundary={boundary.decode()}",
        body,
        params=(("uploadType", "multipart"),),
    )
