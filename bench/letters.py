"""Letters of made-up words, some frequent and most rare as in any language; the same ones every time."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from itertools import accumulate, product

FIRST_DAY = datetime(2024, 1, 1, 8, 0, tzinfo=UTC)
_SYLLABLES = ["ba", "de", "fi", "go", "ku", "la", "me", "ni", "po", "ru", "sa", "te", "vi", "zo"]
WORDS = ["".join(three) for three in product(_SYLLABLES, repeat=3)]
# The n-th word is n times rarer than the first.
_WEIGHTS = list(accumulate(1 / rank for rank in range(1, len(WORDS) + 1)))


def a_letter(number: int, *, sender: str, to: str, words: int = 250, answers: int = 0) -> bytes:
    """Return a letter of plain text and HTML; `answers` is the number of the one it answers."""
    chance = random.Random(number)
    lines = [_sentence(chance, 12) for _ in range(words // 12)]
    letter = EmailMessage()
    letter["From"], letter["To"] = sender, to
    letter["Subject"] = _sentence(chance, 5)
    letter["Date"] = format_datetime(FIRST_DAY + timedelta(minutes=number))
    letter["Message-ID"] = f"<{number}@bench.example>"
    if answers:
        letter["In-Reply-To"] = letter["References"] = f"<{answers}@bench.example>"
    letter.set_content("\n".join(lines))
    paragraphs = "".join(f"<p style='margin:0'>{line}</p>" for line in lines)
    letter.add_alternative(f"<html><body>{paragraphs}</body></html>", subtype="html")
    return letter.as_bytes()


def _sentence(chance: random.Random, length: int) -> str:
    return " ".join(chance.choices(WORDS, cum_weights=_WEIGHTS, k=length)).capitalize() + "."
