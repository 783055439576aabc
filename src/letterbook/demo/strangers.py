"""Newsletters, receipts and notices: mail that nobody in the team wants to keep."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape

from letterbook.demo.cast import TEXTS, everyone
from letterbook.demo.season import SEASON
from letterbook.demo.working_hours import not_before

_BLOCK = re.compile(
    r"^== (?P<subject>.+)\nfrom: (?P<sender>.+)\nto: (?P<readers>.+)\nevery: (?P<days>\d+)\n\n"
    r"(?P<text>(?:.|\n)+?)(?=\n== |\Z)",
    re.M,
)


@dataclass(frozen=True, slots=True)
class Notice:
    """One email from a sender who is no contact, to one of the agency."""

    reader: str
    at: datetime
    raw: bytes


def write_notices(*, at: datetime, seed: int) -> Iterator[Notice]:
    """Yield everything of the kind that came in the past months."""
    chance = random.Random(seed)  # noqa: S311 - the point is that it can be repeated
    for block in _BLOCK.finditer((TEXTS / "strangers.txt").read_text(encoding="utf-8")):
        every = timedelta(days=int(block["days"]))
        first = at - SEASON + every * chance.random()
        for number in range(int((at - first) / every)):
            sent_at = min(not_before(first + every * number, chance), at)
            for key in block["readers"].split():
                reader = everyone()[key].address
                yield Notice(reader, sent_at, _raw(block, reader, sent_at, number=number + 11))


def _raw(block: re.Match[str], reader: str, at: datetime, *, number: int) -> bytes:
    sender = block["sender"]
    domain = sender.rpartition("@")[2].rstrip(">")
    text = block["text"].strip()
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = reader
    message["Subject"] = block["subject"].replace("{n}", str(number))
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{number}.{reader.partition('@')[0]}.{at:%Y%m%d}@{domain}>"
    message["List-Unsubscribe"] = f"<https://www.{domain}/stop>"
    message["Precedence"] = "bulk"
    message.set_content(text.replace("{n}", str(number)) + "\n", cte="quoted-printable")
    message.add_alternative(_html(text, domain), subtype="html", cte="quoted-printable")
    message.set_boundary(f"=_{number}_{domain.partition('.')[0]}")
    return message.as_bytes()


def _html(text: str, domain: str) -> str:
    paragraphs = "".join(f"<p>{escape(one)}</p>" for one in text.split("\n\n"))
    return (
        '<table width="600" align="center" style="font-family:Georgia,serif"><tr><td>'
        f'<img src="https://www.{domain}/header.jpg" width="600" alt=""></td></tr><tr><td>{paragraphs}</td></tr>'
        f'<tr><td><img src="https://www.{domain}/seen.gif" width="1" height="1" alt=""></td></tr></table>\n'
    )
