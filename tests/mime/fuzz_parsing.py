"""Bytes that Atheris makes up, guided by what they reach: `make fuzz`. Whatever comes is read or refused, in time."""

from __future__ import annotations

import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["letterbook"]):
    from letterbook.mime.html import safe_html
    from letterbook.mime.html_folding import fold_html
    from letterbook.mime.invitations import read_invitation
    from letterbook.mime.parsing import Unparsable, parse_message, read_attachment, read_html
    from letterbook.mime.protection import protection_of
    from letterbook.mime.reports import read_report

SEEDS = (
    b"From: a@b.example\nSubject: =?utf-8?q?x=C3=A9?=\nDate: Mon, 3 May 2021 12:00:00 +0200\n\n> old\nnew\n-- \nA",
    b"From: a\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Transfer-Encoding: base64\n"
    b"Content-Disposition: attachment; filename*0*=utf-8''a%C3%A9; filename*1=b\n\nQUJD\n--x--\n",
    b"Content-Type: text/html; charset=gb2312\n\n<div class=gmail_quote><blockquote>x</blockquote></div><!-- <p",
    b"Content-Type: text/calendar\n\nBEGIN:VCALENDAR\nBEGIN:VEVENT\n"
    b"DTSTART;TZID=Europe/Berlin:20260503T100000\nEND:VEVENT",
    b"Content-Type: multipart/report; report-type=delivery-status; boundary=x\n\n--x\n"
    b"Content-Type: message/delivery-status\n\nFinal-Recipient: rfc822; a@b\nAction: failed\nStatus: 5.1.1\n--x--\n",
)


def read_all_of(raw: bytes) -> None:
    """Read whatever these bytes are, as far as Letterbook ever does."""
    try:
        message = parse_message(raw)
    except Unparsable:
        return
    for text in (message.subject, message.text, message.own_text, message.snippet):
        text.encode()
        if "\0" in text:
            raise AssertionError("PostgreSQL keeps no NUL")
    for attachment in message.attachments:
        read_invitation(read_attachment(raw, attachment.number).content)
    html = fold_html(read_html(raw) or "")
    shown = safe_html(html, inline_image_url=lambda _: None).html.lower()
    if "<script" in shown or "<iframe" in shown:
        raise AssertionError("not safe")
    read_invitation(message.text.encode())
    protection_of({one.content_type for one in message.attachments}, text=message.text)
    read_report(raw, message)


def main() -> None:
    """Begin with the seeds; what is found stands in the folder that is named, or in one that is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(SEEDS):
            Path(folder, f"seed-{number}").write_bytes(seed)
        arguments = [
            *sys.argv,
            "-timeout=10",
            "-rss_limit_mb=1000",
            "-max_len=4096",
            "-len_control=0",
            folder,
        ]
        atheris.Setup(arguments, read_all_of)
        with suppress(KeyboardInterrupt):
            atheris.Fuzz()


if __name__ == "__main__":
    main()
