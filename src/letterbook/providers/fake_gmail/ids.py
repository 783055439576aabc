"""Ids as Gmail makes them, the same ones for the same seed."""

from __future__ import annotations

import random
import string


class Ids:
    """Makes ids from a seed; never the same one twice."""

    def __init__(self, seed: int) -> None:
        # Not a secret: a fake whose ids can be repeated.
        self._random = random.Random(seed)  # noqa: S311
        self._last_message = 0x1900_0000_0000_0000 + self._random.randrange(1 << 32)

    def message(self) -> str:
        """16 hexadecimal digits, increasing."""
        self._last_message += self._random.randrange(1, 1 << 24)
        return f"{self._last_message:016x}"

    def history_step(self) -> int:
        """Gmail's history ids increase with gaps."""
        return self._random.randrange(1, 60)

    def draft(self) -> str:
        return f"r{self._random.randrange(10**18, 10**19)}"

    def message_id(self) -> str:
        return f"<CAF{self._letters(36)}{self._letters(8)}@mail.gmail.com>"

    def access_token(self) -> str:
        return f"ya29.fake-{self._letters(40)}"

    def refresh_token(self) -> str:
        return f"1//fake-{self._letters(40)}"

    def code(self) -> str:
        return f"4/fake-{self._letters(40)}"

    def _letters(self, count: int) -> str:
        return "".join(self._random.choices(string.ascii_letters + string.digits, k=count))
