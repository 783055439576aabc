"""A stored message in the formats of `messages.get`: minimal, metadata, full, raw."""

from __future__ import annotations

import base64
import html
import re
from email.message import Message as ParsedMessage
from email.parser import BytesParser
from email.policy import compat32
from typing import Any

from letterbook.providers.fake_gmail.mailbox import StoredMessage
from letterbook.providers.fake_gmail.refusals import invalid

# Any: Gmail's JSON, nested as deep as the email is.
Json = dict[str, Any]


def in_format(message: StoredMessage, *, name: str, header_names: tuple[str, ...] = ()) -> Json:
    """Return the message as `format=name` shows it."""
    name = name.lower() or "full"
    if name not in {"minimal", "metadata", "full", "raw"}:
        raise invalid(f"Invalid value at 'format': \"{name}\"")
    shown = _minimal(message)
    if name == "raw":
        shown["raw"] = base64.urlsafe_b64encode(message.content.raw).decode()
    elif name == "metadata":
        shown["payload"] = _top_headers(message, header_names)
    elif name == "full":
        parsed = BytesParser(policy=compat32).parsebytes(message.content.raw)
        shown["payload"] = _part(parsed, part_id="")
    return shown


def reference(message: StoredMessage) -> Json:
    """Return only the ids, as lists do."""
    return {"id": message.id, "threadId": message.thread_id}


def with_labels(message: StoredMessage) -> Json:
    """Return the ids and the labels; like every empty list of Gmail's, no labels leave the key out."""
    labels = {"labelIds": sorted(message.labels)} if message.labels else {}
    return {**reference(message), **labels}


def _minimal(message: StoredMessage) -> Json:
    return {
        **with_labels(message),
        "snippet": _snippet(message.content.raw),
        "sizeEstimate": message.content.size,
        "historyId": str(message.history_id),
        "internalDate": str(message.internal_ms),
    }


def _snippet(raw: bytes) -> str:
    body = raw.partition(b"\r\n\r\n")[2] or raw.partition(b"\n\n")[2]
    text = re.sub(
        r"<[^>]*>|^--\S+$|^Content-\S+:.*$", " ", body[:2000].decode("utf-8", "replace"), flags=re.M
    )
    return html.escape(" ".join(text.split())[:180])


def _top_headers(message: StoredMessage, names: tuple[str, ...]) -> Json:
    wanted = {name.lower() for name in names}
    headers = [
        {"name": name, "value": value}
        for name, value in message.content.fields
        if not wanted or name.lower() in wanted
    ]
    content_type = next(
        (value for name, value in message.content.fields if name.lower() == "content-type"), ""
    )
    mime_type = content_type.partition(";")[0].strip().lower() or "text/plain"
    return {"mimeType": mime_type, "headers": headers} if headers else {"mimeType": mime_type}


def _part(parsed: ParsedMessage, *, part_id: str) -> Json:
    part: Json = {
        "partId": part_id,
        "mimeType": parsed.get_content_type(),
        "filename": parsed.get_filename() or "",
        "headers": [{"name": name, "value": str(value)} for name, value in parsed.items()],
    }
    payload = parsed.get_payload()
    if isinstance(payload, list):
        part["body"] = {"size": 0}
        inner = [one for one in payload if isinstance(one, ParsedMessage)]
        part["parts"] = [
            _part(one, part_id=f"{part_id}.{number}".lstrip("."))
            for number, one in enumerate(inner)
        ]
        return part
    decoded = parsed.get_payload(decode=True)
    content = decoded if isinstance(decoded, bytes) else b""
    part["body"] = {"size": len(content)}
    if part["filename"]:
        part["body"]["attachmentId"] = f"part-{part_id or '0'}"
    elif content:
        part["body"]["data"] = base64.urlsafe_b64encode(content).decode()
    return part
