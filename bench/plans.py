"""What PostgreSQL itself says a question takes: each of its statements, planned and executed once more by EXPLAIN."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from bench.figures import in_ms

_ASKS = ("SELECT", "WITH")


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement's milliseconds, and how many pages of the database it looked at."""

    sql: str
    planning: float
    executing: float
    pages: int


def statements_of(ask: Callable[[], object]) -> list[Statement]:
    """Ask a question, and return what each of its statements takes, with the eyes it is asked with."""
    found: list[Statement] = []

    def explain(execute: Callable[..., Any], sql: str, values: Any, *about: Any) -> Any:
        # Any: Django's own shape.
        if sql.lstrip("( \n").startswith(_ASKS):
            cursor = about[-1]["cursor"]
            execute(f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {sql}", values, *about)
            [[[plan]]] = cursor.fetchall()
            pages = plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"]
            found.append(Statement(sql, plan["Planning Time"], plan["Execution Time"], pages))
        return execute(sql, values, *about)

    with connection.execute_wrapper(explain):
        ask()
    return found


def in_database(questions: Sequence[Callable[[], object]]) -> str:
    """Return what the statements of a question take together: executing, planning, pages; median and percentile."""
    asked = [statements_of(one) for one in questions]
    if os.environ.get("LETTERBOOK_BENCH_STATEMENTS"):
        _print_dearest(asked)
    executing = [sum(one.executing for one in every) for every in asked]
    planning = [sum(one.planning for one in every) for every in asked]
    pages = [float(sum(one.pages for one in every)) for every in asked]
    most = max(len(every) for every in asked)
    return (
        f"{in_ms(executing)}, planning {in_ms(planning)},"
        f" {sorted(pages)[len(pages) // 2]:,.0f} pages of 8 KB, {most} queries"
    )


def _print_dearest(asked: Sequence[Sequence[Statement]]) -> None:
    """Say which statements it was, for whoever wants to mend it."""
    dearest = max(asked, key=lambda every: sum(one.executing for one in every))
    for one in sorted(dearest, key=lambda one: -one.executing)[:4]:
        print(
            f"    {one.executing:.1f} + {one.planning:.1f} ms, {one.pages} pages: {one.sql[:300]!r}"
        )
