"""`python -m bench`: measure everything and write docs/performance.md; `python -m bench NAME`: measure one thing.

`history` takes `--messages` (how many) and `--folder` (where its database is kept, to be measured again without being
made again); `--write` puts what one measurement says into docs/performance.md too.
"""

from __future__ import annotations

import argparse
import importlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

# The processes that an import parses in import this file too: what they do not need is imported where it is used.
if TYPE_CHECKING:
    from bench.figures import Findings

NAMES = ("archives", "retrieving", "sending", "queued", "reading", "history")
MESSAGES = 50_000
# Measured only when named: they take too long to come along every time.
APART = ("large", "idling", "whole")
_INTO = "LETTERBOOK_BENCH_INTO"


def main(arguments: list[str]) -> None:
    """Measure what is named, or everything."""
    asked = _read(arguments)
    if _INTO in os.environ:
        measure_here(asked.name, into=Path(os.environ[_INTO]))
        return
    # What is measured is ours, not what Gmail allows.
    os.environ |= {"LETTERBOOK_GMAIL_UNITS_PER_MINUTE": "0"}
    os.environ |= {"LETTERBOOK_BENCH_MESSAGES": str(asked.messages)}
    if asked.folder:
        os.environ |= {"LETTERBOOK_BENCH_FOLDER": str(asked.folder.resolve())}
    from bench.report import print_table, write_report, write_section

    began = time.monotonic()
    findings = [measure_apart(name) for name in ([asked.name] if asked.name else NAMES)]
    print_table([found for found, _ in findings])
    if not asked.name:
        write_report(findings, minutes=(time.monotonic() - began) / 60)
    elif asked.write:
        size = f" --messages {asked.messages}" if asked.name == "history" else ""
        write_section(*findings[0], command=f"python -m bench {asked.name}{size}")


def _read(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure Letterbook.")
    parser.add_argument("name", nargs="?", choices=NAMES + APART, help="what; else everything")
    parser.add_argument("--messages", type=int, default=MESSAGES, help="how long a history is")
    parser.add_argument("--folder", type=Path, help="keep the history's database in this folder")
    parser.add_argument("--write", action="store_true", help="write it to docs/performance.md")
    asked = parser.parse_args(arguments)
    if asked.folder and asked.name != "history":
        parser.error("only the database of history is kept")
    return asked


def measure_apart(name: str) -> tuple[Findings, str]:
    """Measure one thing in a process of its own, so that its memory is its own; return it with the machine."""
    from bench.figures import Findings

    print(f"{name} …", flush=True)
    with tempfile.NamedTemporaryFile(prefix="letterbook-bench-") as file:
        environment = {**os.environ, _INTO: file.name}
        subprocess.run([sys.executable, "-m", "bench", name], env=environment, check=True)
        where, _, told = Path(file.name).read_text().partition("\n")
    return Findings.from_json(told), where


def measure_here(name: str, *, into: Path) -> None:
    """Measure one thing in this process, on a PostgreSQL of its own."""
    from bench.surroundings import a_database, machine

    with a_database(kept=os.environ.get("LETTERBOOK_BENCH_FOLDER", "")):
        # Only now is there a Django for it to import.
        findings: Findings = importlib.import_module(f"bench.{name}").measure()
        busy = os.getloadavg()[0]
        findings.remarks.append(f"Load of the machine right after: {busy:.1f}.")
        into.write_text(f"{machine()}\n{findings.to_json()}")


if __name__ == "__main__":
    main(sys.argv[1:])
