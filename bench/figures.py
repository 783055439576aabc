"""What a measurement says: figures, and remarks on how they came about."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from time import perf_counter


@dataclass(frozen=True, slots=True)
class Figure:
    """One number, ready to be read."""

    what: str
    value: str


@dataclass(slots=True)
class Findings:
    """The outcome of one measurement; `skipped` says why there is none."""

    title: str
    figures: list[Figure] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    skipped: str = ""

    def add(self, what: str, value: str) -> None:
        self.figures.append(Figure(what, value))

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Findings:
        told = json.loads(text)
        told["figures"] = [Figure(**one) for one in told["figures"]]
        return cls(**told)


def latencies(act: Callable[[int], object], *, times: int) -> list[float]:
    """Return how many milliseconds each of so many calls took, after two that warm up."""
    for number in range(2):
        act(number)
    taken = []
    for number in range(times):
        began = perf_counter()
        act(number)
        taken.append((perf_counter() - began) * 1000)
    return taken


def in_ms(taken: Sequence[float]) -> str:
    """Return median and 99th percentile."""
    ordered = sorted(taken)
    worst = ordered[min(len(ordered) - 1, round(len(ordered) * 0.99))]
    return f"{statistics.median(ordered):.1f} ms (99th percentile {worst:.1f} ms)"
