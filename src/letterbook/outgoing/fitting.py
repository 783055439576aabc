"""Whether an email is small enough for Gmail. What counts is what is sent: a file is a third larger on its way."""

from __future__ import annotations

import math

from django.db.models import Sum

from letterbook.kit.refusals import Invalid
from letterbook.mime.attachments import safe_filename
from letterbook.mime.composing import text_size
from letterbook.outgoing.models import OutgoingEmail

# What Gmail lets a person attach, as the files lie on a disk; a page counts 1,000 bytes as a KB, and so does this.
LARGEST_FILES = 25_000_000
# What Gmail's API takes as one email, everything in it encoded.
LARGEST_MESSAGE = 36_700_160
# Up to here the largest files leave room enough, however it is written.
_LONG_TEXT = 300_000
# What the headers of an email and of its files have at most, generously.
_HEADERS = 250_000
# Base64 makes a line of 76 letters, and its end, from 57 bytes.
_FROM, _TO = 57, 78


def sent_size(size: int) -> int:
    """Return how many bytes a file of this size has on its way."""
    return math.ceil(size * _TO / _FROM)


def files_size(email: OutgoingEmail) -> int:
    """Return how many bytes the files of an email have together."""
    total = email.attachments.aggregate(total=Sum("size"))["total"]
    return int(total or 0)


def room_for_files(email: OutgoingEmail) -> int:
    """Return how many bytes the files of an email may have together: fewer beside a very long text."""
    if len(email.html) <= _LONG_TEXT:
        return LARGEST_FILES
    left = LARGEST_MESSAGE - _HEADERS - text_size(email.html)
    return max(0, min(LARGEST_FILES, left * _FROM // _TO))


def check_file_fits(email: OutgoingEmail, *, filename: str, size: int) -> None:
    """Raise `Invalid`, with the numbers, when an email's files and this one are together too large."""
    total, room = files_size(email) + size, room_for_files(email)
    if total <= room:
        return
    where = "together" if room == LARGEST_FILES else "beside a text as long as this one"
    name = safe_filename(filename, fallback="this one")
    raise Invalid(
        f"All files of an email {where} may have {_at_most(room)}; with {name} they have {_megabytes(total)}.",
        way_out="Remove a file, or put it where the recipient can download it and send the link.",
        field="file",
    )


def check_message_fits(size: int) -> None:
    """Raise `Invalid`, with the numbers, when what would be sent is larger than Gmail takes."""
    if size <= LARGEST_MESSAGE:
        return
    raise Invalid(
        f"As it is sent, its files a third larger, this email has {_megabytes(size)};"
        f" Gmail takes {_at_most(LARGEST_MESSAGE)}.",
        way_out="Remove a file or a picture, or attach a part of the text as a file.",
        field="file",
    )


# What is over a limit is never rounded down to it, nor a limit up.
def _megabytes(size: int) -> str:
    return f"{math.ceil(size / 100_000) / 10:g} MB"


def _at_most(limit: int) -> str:
    return f"{math.floor(limit / 100_000) / 10:g} MB"
