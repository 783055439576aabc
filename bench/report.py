"""The figures as one table on the terminal and as docs/performance.md."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from textwrap import fill

from rich.console import Console
from rich.table import Table

from bench.figures import Findings

REPORT = Path(__file__).resolve().parents[1] / "docs" / "performance.md"
_APART = "Measured by itself"
_INTRODUCTION = """# Performance

Measured by `make bench` (`python -m bench`; one measurement alone: `python -m bench NAME`) on {day} in {minutes:.0f}
minutes:
{machine}.

Each measurement ran in a process and an embedded PostgreSQL of its own, with the settings that `letterbook serve` uses:
what is reported as stored is on the disk. Everything ran on one machine: the database, the worker, the fake Gmail and
the measuring itself share its cores. Latencies are medians of fifty calls; throughput is one run. The load beside each
section says how busy the machine was: above its number of cores it had other work too, and the figures are worse than
on a quiet one. Elsewhere expect other figures, and about the same ratios.
"""


def print_table(findings: Sequence[Findings]) -> None:
    """Print what was measured."""
    table = Table("what", "figure")
    for found in findings:
        table.add_section()
        table.add_row(f"[bold]{found.title}", found.skipped and f"skipped: {found.skipped}")
        for figure in found.figures:
            table.add_row(figure.what, figure.value)
    console = Console()
    console.print(table)
    for found in findings:
        for remark in found.remarks:
            console.print(f"{found.title}: {remark}")


def write_report(findings: Sequence[tuple[Findings, str]], *, minutes: float) -> None:
    """Write docs/performance.md; what was measured by itself, and is not among this, stays in it."""
    day = datetime.now(UTC).date()
    parts = [_INTRODUCTION.format(day=day, minutes=minutes, machine=findings[0][1])]
    parts += [_section(found) for found, _ in findings]
    titles = [found.title for found, _ in findings]
    REPORT.write_text("\n".join([*parts, *_apart(but=titles)]))


def write_section(found: Findings, machine: str, *, command: str) -> None:
    """Write one measurement into docs/performance.md, in the place of what it said before."""
    day = datetime.now(UTC).date()
    found.remarks.append(f"{_APART} on {day} by `{command}`: {machine}.")
    said = REPORT.read_text().split("\n## ")
    kept = [part for part in said if part.partition("\n")[0] != found.title]
    REPORT.write_text(
        "\n## ".join([*(part.rstrip("\n") + "\n" for part in kept), _section(found)[3:]])
    )


def _apart(*, but: Sequence[str]) -> list[str]:
    _, *sections = REPORT.read_text().split("\n## ")
    kept = [part for part in sections if _APART in part and part.partition("\n")[0] not in but]
    return [f"## {part.rstrip()}\n" for part in kept]


def _section(found: Findings) -> str:
    lines = [f"## {found.title}", ""]
    if found.skipped:
        return "\n".join([*lines, f"Skipped: {found.skipped}", ""])
    lines += ["| what | figure |", "|---|---|"]
    lines += [f"| {figure.what} | {figure.value} |" for figure in found.figures]
    for remark in found.remarks:
        lines += ["", fill(remark, 120)]
    return "\n".join([*lines, ""])
