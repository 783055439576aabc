"""From a letter to the bytes of an email, written the way its sender's program writes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape

from letterbook.demo.cast import Person
from letterbook.demo.letters import Letter
from letterbook.demo.working_hours import LONDON

_DEPTH = 3  # how many letters back are quoted; people cut off the rest


def write(letter: Letter) -> bytes:
    """Return the letter as an email with CRLF lines; the same letter always gives the same bytes."""
    message = EmailMessage(policy=SMTP.clone(max_line_length=200))
    message["From"] = _address(letter.sender)
    message["To"] = [_address(one) for one in letter.to]
    if letter.cc:
        message["Cc"] = [_address(one) for one in letter.cc]
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(letter.at.astimezone(LONDON))
    message["Message-ID"] = f"<{letter.message_id}>"
    if letter.answers:
        message["In-Reply-To"] = f"<{letter.answers.message_id}>"
        message["References"] = " ".join(f"<{one}>" for one in letter.references)
    if letter.kind == "away":
        message["Auto-Submitted"] = "auto-replied"
    _write_content(message, letter)
    _fix_boundaries(message, letter.message_id)
    return message.as_bytes()


def _write_content(message: EmailMessage, letter: Letter) -> None:
    message.set_content("\n\n".join(_plain_parts(letter)) + "\n", cte="quoted-printable")
    if letter.kind == "letter" and not letter.is_from_phone and letter.sender.style != "plain":
        message.add_alternative(_html(letter), subtype="html", cte="quoted-printable")
    for file in letter.enclosures:
        kind, _, subtype = file.content_type.partition("/")
        message.add_attachment(file.content, maintype=kind, subtype=subtype, filename=file.filename)


def _fix_boundaries(message: EmailMessage, seed: str) -> None:
    for number, part in enumerate(message.walk()):
        if part.is_multipart():
            part.set_boundary(hashlib.sha256(f"{number} {seed}".encode()).hexdigest()[:28])


def _address(person: Person) -> Address:
    return Address(person.name, addr_spec=person.address)


def _plain_parts(letter: Letter) -> Iterable[str]:
    yield letter.text
    if letter.table:
        yield "\n".join("   ".join(cell for cell in row if cell) for row in letter.table)
    if letter.answers and letter.kind == "letter":
        yield quoted_plain(letter.answers)


def quoted_plain(letter: Letter, depth: int = 1) -> str:
    """Return a letter as an answer quotes it, with what it quoted itself."""
    text = letter.text
    if letter.answers and depth < _DEPTH:
        text += "\n\n" + quoted_plain(letter.answers, depth + 1)
    lines = [f"> {line}".rstrip() for line in text.splitlines()]
    return "\n".join([_attribution(letter), *lines])


def _attribution(letter: Letter) -> str:
    at = letter.at.astimezone(LONDON)
    sender = f"{letter.sender.name} <{letter.sender.address}>"
    return f"On {at:%a}, {at.day} {at:%b %Y} at {at:%H:%M}, {sender} wrote:"


def _html(letter: Letter) -> str:
    body = _paragraphs(letter.text) + _table(letter)
    if letter.sender.style == "outlook":
        body = f'<div style="font-family:Calibri,sans-serif;font-size:11pt">{body}{_logo(letter.sender)}</div>'
        quote = _outlook_quote(letter.answers)
    else:
        body = f'<div dir="ltr">{body}</div>'
        quote = _gmail_quote(letter.answers)
    return f"<html><body>{body}{quote}</body></html>\n"


def _paragraphs(text: str) -> str:
    blocks = text.split("\n\n")
    return "".join(f"<p>{'<br>'.join(map(escape, block.splitlines()))}</p>" for block in blocks)


def _table(letter: Letter) -> str:
    if not letter.table:
        return ""
    head, *rows = letter.table
    cell = 'style="border:1px solid #c9c4b8;padding:4px 10px;text-align:left"'
    shown = "<tr>" + "".join(f"<th {cell}>{escape(one)}</th>" for one in head) + "</tr>"
    shown += "".join(
        "<tr>" + "".join(f"<td {cell}>{escape(one)}</td>" for one in row) + "</tr>" for row in rows
    )
    return f'<table style="border-collapse:collapse;margin:12px 0">{shown}</table>'


def _logo(sender: Person) -> str:
    domain = sender.address.partition("@")[2]
    return (
        f'<p><img src="https://www.{domain}/email/logo.png" width="120" height="36"'
        f' alt="{escape(sender.company)}"></p>'
    )


def _gmail_quote(letter: Letter | None, depth: int = 1) -> str:
    if letter is None or depth > _DEPTH:
        return ""
    inner = _paragraphs(letter.text) + _gmail_quote(letter.answers, depth + 1)
    return (
        f'<br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">{escape(_attribution(letter))}<br></div>'
        '<blockquote class="gmail_quote" style="margin:0 0 0 .8ex;border-left:1px solid #ccc;padding-left:1ex">'
        f"{inner}</blockquote></div>"
    )


def _outlook_quote(letter: Letter | None, depth: int = 1) -> str:
    if letter is None or depth > _DEPTH:
        return ""
    at = letter.at.astimezone(LONDON)
    head = (
        f"<b>From:</b> {escape(letter.sender.name)} &lt;{letter.sender.address}&gt;<br>"
        f"<b>Sent:</b> {at:%A}, {at.day} {at:%B %Y %H:%M}<br>"
        f"<b>To:</b> {escape('; '.join(one.name for one in letter.to))}<br>"
        f"<b>Subject:</b> {escape(letter.subject)}"
    )
    return (
        '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0 0 0">'
        f"<p>{head}</p></div>{_paragraphs(letter.text)}{_outlook_quote(letter.answers, depth + 1)}"
    )
