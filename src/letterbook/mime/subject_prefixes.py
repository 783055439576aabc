"""Re: and Fwd: before a subject, as the mail programs of many languages write them; neither is written twice."""

from __future__ import annotations

import re

_REPLIED = (
    "re|aw|antw|antwort|sv|vs|vá|odp|odpowiedź|res|r|ynt|ατ|απ|σχετ|отв|回复|答复|回覆|返信|답장"
)
_FORWARDED = (
    "fwd?|wg|tr|vb|vl|rv|enc|i|doorst|weitergeleitet|továbbítás|πρθ|пересл|转发|轉寄|転送|전달"
)
_COUNT = r"\s*(?:\[\d{1,3}\]|\(\d{1,3}\)|\^\d{1,3})?\s*[:\uff1a]"
_IS_REPLY = re.compile(rf"\s*(?:{_REPLIED}){_COUNT}", re.IGNORECASE)
_IS_FORWARD = re.compile(rf"\s*(?:{_FORWARDED}){_COUNT}", re.IGNORECASE)


def answering(subject: str) -> str:
    """Return the subject of an answer."""
    line = " ".join(subject.split())
    return line if _IS_REPLY.match(line) else f"Re: {line}".strip()


def forwarding(subject: str) -> str:
    """Return the subject of what is passed on."""
    line = " ".join(subject.split())
    return line if _IS_FORWARD.match(line) else f"Fwd: {line}".strip()
