"""What an email tells of one that was sent: a report by a mail server, or an automatic reply."""

from __future__ import annotations

from letterbook.mime.automatic_replies import AutoReply, read_auto_reply
from letterbook.mime.parsing import ParsedMessage
from letterbook.mime.reports import Report, read_report

News = Report | AutoReply


def read_news(raw: bytes, parsed: ParsedMessage) -> News | None:
    """Return what an email tells of one that was sent, or None for ordinary mail."""
    return read_report(raw, parsed) or read_auto_reply(raw, parsed)
