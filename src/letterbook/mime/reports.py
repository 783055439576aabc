"""What an email reports about one that was sent: that it came back, that it is late, that somebody complained.

Reads the standard forms (RFC 3464, RFC 5965) and the many reports that follow none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from letterbook.kit.pickling import Compact
from letterbook.mime.addresses import address_key
from letterbook.mime.bounce_verdicts import judge
from letterbook.mime.characters import single_line
from letterbook.mime.charsets import decode_html, decode_text
from letterbook.mime.complaints import read_complaint
from letterbook.mime.delivery_status import RecipientStatus, read_statuses
from letterbook.mime.encoded_words import decoded_header
from letterbook.mime.html_text import html_to_text
from letterbook.mime.parsing import ParsedMessage, Unparsable, parse_message
from letterbook.mime.parts import Structure, header_lines, read_structure
from letterbook.mime.report_wording import MAX_WORDS, Mention, find_mentions
from letterbook.mime.reporting import is_about_a_delay, is_by_a_mail_server, may_be_a_report
from letterbook.mime.returned_mail import Returned, before_returned, find_returned, is_returned
from letterbook.mime.transfer import decoded_body

MAX_DIAGNOSTIC = 500
_LONGEST_TEXT = 64 * 1024
# Fewer characters than this are a code, not a reason.
_SHORT = 12
_NOT_FAILED = frozenset({"delivered", "relayed", "expanded"})


class ReportKind(StrEnum):
    BOUNCE = "bounce"
    DELAY = "delay"
    COMPLAINT = "complaint"


@dataclass(frozen=True, slots=True)
class Outcome(Compact):
    """What became of an email for one recipient, who may be called by several addresses.

    `is_hard` is for a bounce: whether the address itself is no good.
    """

    kind: ReportKind
    addresses: tuple[str, ...]
    is_hard: bool = False
    code: str = ""
    diagnostic: str = ""


@dataclass(frozen=True, slots=True)
class Report(Compact):
    """A report about a sent email: the Message-IDs by which it may be known, and what became of it for whom."""

    message_ids: tuple[str, ...]
    outcomes: tuple[Outcome, ...]


def read_report(raw: bytes, parsed: ParsedMessage) -> Report | None:
    """Return what an email reports about one that was sent, or None where it is no report."""
    if not may_be_a_report(parsed):
        return None
    structure = read_structure(raw)
    returned = find_returned(structure)
    return _report_within(structure, returned) or _report(structure, parsed, returned)


def _report_within(structure: Structure, returned: Returned) -> Report | None:
    """Some gateways put the report that they got into one of their own, which tells nothing of anybody."""
    if b"delivery-status" not in returned.source or read_statuses(structure):
        return None
    try:
        parsed = parse_message(returned.source)
    except Unparsable:
        return None
    inner = read_structure(returned.source)
    if not may_be_a_report(parsed) or not read_statuses(inner):
        return None
    return _report(inner, parsed, find_returned(inner))


def _report(structure: Structure, parsed: ParsedMessage, returned: Returned) -> Report | None:
    complaint = read_complaint(structure, returned)
    if complaint is not None:
        outcomes = [Outcome(ReportKind.COMPLAINT, complaint.addresses, diagnostic=complaint.kind)]
    else:
        outcomes = _outcomes(structure, parsed, returned)
    if not outcomes:
        return None
    ids = (*returned.message_ids, *parsed.references[::-1])
    return Report(tuple(dict.fromkeys(ids)), tuple(outcomes))


def _outcomes(structure: Structure, parsed: ParsedMessage, returned: Returned) -> list[Outcome]:
    text = _own_words(structure)
    if statuses := read_statuses(structure):
        return _from_statuses(statuses, text)
    if not is_by_a_mail_server(parsed, text):
        return []
    kind = ReportKind.DELAY if is_about_a_delay(parsed.subject, text) else ReportKind.BOUNCE
    return [
        _outcome(kind, mention.addresses, "", mention.words, text)
        for mention in _mentions(structure, parsed, returned, text)
    ]


def _from_statuses(statuses: Sequence[RecipientStatus], text: str) -> list[Outcome]:
    keys = [address_key(one) for status in statuses for one in status.addresses]
    mentions = find_mentions(text, not_about=frozenset(), likely=keys)
    told = {address_key(one): mention.words for mention in mentions for one in mention.addresses}
    return [
        _from_status(status, told.get(address_key(status.addresses[0]), ""), text)
        for status in statuses
        if status.action not in _NOT_FAILED and not status.code.startswith("2.")
    ]


def _from_status(status: RecipientStatus, words: str, text: str) -> Outcome:
    kind = ReportKind.DELAY if status.action == "delayed" else ReportKind.BOUNCE
    # Some servers put the words into the text only.
    said = status.diagnostic if len(status.diagnostic) > _SHORT else f"{status.diagnostic} {words}"
    return _outcome(kind, status.addresses, status.code, said.strip(), text)


def _mentions(
    structure: Structure, parsed: ParsedMessage, returned: Returned, text: str
) -> list[Mention]:
    named = _named_in_header(structure)
    own = {one.key for one in (*parsed.to, *parsed.cc, parsed.from_)} | set(returned.senders)
    likely = [*map(address_key, named), *returned.recipients]
    mentions = find_mentions(text, not_about=own, likely=likely)
    told = {address_key(one): mention for mention in mentions for one in mention.addresses}
    if named:
        return [told.get(address_key(one)) or Mention((one,), text) for one in named]
    if not mentions and len(returned.recipients) == 1:
        return [Mention(returned.recipients, text)]
    return mentions


def _outcome(
    kind: ReportKind, addresses: Sequence[str], code: str, words: str, text: str
) -> Outcome:
    """The words about this recipient decide; where they tell nothing, the whole text does."""
    words = words[:MAX_WORDS]
    verdict = judge(code=code, words=words)
    is_enough = verdict.is_told or verdict.is_hard or (len(words) > _SHORT and bool(code))
    if not is_enough:
        verdict = judge(code=verdict.code, words=text[:MAX_WORDS])
    return Outcome(
        kind=kind,
        addresses=tuple(addresses),
        is_hard=kind == ReportKind.BOUNCE and verdict.is_hard,
        code=verdict.code,
        diagnostic=single_line(words or text[:MAX_WORDS])[:MAX_DIAGNOSTIC],
    )


def _named_in_header(structure: Structure) -> list[str]:
    """The header in which Gmail, exim and others name who was not reached."""
    values = [
        decoded_header(found[2][:4000])
        for found in header_lines(structure.raw[:_LONGEST_TEXT])
        if found[1].lower() == b"x-failed-recipients"
    ]
    named = [one.strip(" <>") for value in values for one in re.split(r"[,;\s]+", value)]
    return list(dict.fromkeys(one for one in named if "@" in one))


def _own_words(structure: Structure) -> str:
    """What the report says itself, without the email it returns."""
    texts: list[str] = []
    for part in structure.leaves:
        if is_returned(part):
            break
        if part.content_type in ("text/plain", "text/html", "multipart/report"):
            content, _ = decoded_body(structure.raw, part)
            charset = part.parameters.get("charset", "")
            if part.content_type == "text/html":
                texts.append(html_to_text(decode_html(content[:_LONGEST_TEXT], charset)))
            else:
                texts.append(decode_text(content[:_LONGEST_TEXT], charset))
    return before_returned("\n\n".join(texts))[:_LONGEST_TEXT]
