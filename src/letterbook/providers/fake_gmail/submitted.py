"""The email inside a request: base64 in JSON, a part of a multipart upload, or the whole body."""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass
from typing import Any

from letterbook.providers.fake_gmail.accepting import check_size
from letterbook.providers.fake_gmail.refusals import invalid
from letterbook.providers.fake_gmail.wire import FakeRequest


@dataclass(frozen=True, slots=True)
class Submitted:
    """What a request brought: a JSON object, and the email where there was one."""

    body: dict[str, Any]  # Any: JSON from outside
    raw: bytes | None
    thread_id: str = ""
    label_ids: frozenset[str] = frozenset()


def read_submitted(request: FakeRequest, *, is_draft: bool) -> Submitted:
    """Return the email and what was said about it, or refuse a malformed request."""
    if request.path.startswith("/upload/"):
        body, raw = _from_upload(request)
    else:
        body, raw = read_json(request), None
    message = body.get("message", {}) if is_draft else body
    if not isinstance(message, dict):
        raise invalid("Invalid value at 'message'")
    if raw is None and "raw" in message:
        raw = _decoded(message["raw"])
    if raw is not None:
        check_size(raw)
    thread_id = str(message.get("threadId", ""))
    return Submitted(body, raw, thread_id, frozenset(message.get("labelIds", ())))


# Any: JSON from outside.
def read_json(request: FakeRequest) -> dict[str, Any]:
    """Return the body as a JSON object (empty for no body), or refuse it."""
    if not request.body:
        return {}
    try:
        found = json.loads(request.body)
    except ValueError:
        raise invalid("Invalid JSON payload received.") from None
    if not isinstance(found, dict):
        raise invalid("Invalid JSON payload received.")
    return found


def _decoded(value: object) -> bytes:
    try:
        text = str(value)
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise invalid(
            "Invalid value at 'message.raw' (TYPE_BYTES), Base64 decoding failed"
        ) from None


def _from_upload(request: FakeRequest) -> tuple[dict[str, Any], bytes]:
    kind = request.headers.get("content-type", "")
    if request.first("uploadType") == "media":
        return {}, request.body
    boundary = re.search(r'boundary="?([^";]+)"?', kind)
    if request.first("uploadType") != "multipart" or not boundary:
        raise invalid("Media type or uploadType is not supported.")
    parts = request.body.split(b"--" + boundary[1].encode())[1:-1]
    bodies = [part.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n") for part in parts]
    if len(bodies) != 2:
        raise invalid("Multipart must have exactly two parts")
    described = read_json(FakeRequest("POST", request.path, body=bodies[0]))
    return described, bodies[1]
