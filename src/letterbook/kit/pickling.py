"""Passing many small values between processes."""

from __future__ import annotations

from typing import Any


class Compact:
    """Base of a frozen dataclass with slots that travels between processes by the thousand.

    Python's own way asks for the fields of the class again for every instance, which took a third of what storing an
    import costs. This one hands over the values in order.
    """

    __slots__ = ()

    def __reduce__(self) -> tuple[type, tuple[Any, ...]]:  # Any: whatever the fields are
        kind = type(self)
        names: tuple[str, ...] = kind.__slots__
        return kind, tuple([getattr(self, name) for name in names])
