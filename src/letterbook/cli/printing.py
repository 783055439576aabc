"""Printing for people (rich) and for programs (JSON)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Column, Table

out = Console()
err = Console(stderr=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def complain(message: str, *, way_out: str = "") -> None:
    """Say on stderr what is the matter and what to do."""
    err.print("[bold red]letterbook:[/]", end=" ")
    err.print(f"{message} {way_out}".strip(), markup=False, highlight=False)


def show_rows(rows: Sequence[Mapping[str, Any]], *, as_json: bool, empty: str) -> None:
    """Print rows as a table for people or a JSON array for programs."""
    if as_json:
        print_json(list(rows))
    elif not rows:
        out.print(empty)
    else:
        # Folded and never cut: an address to be copied is of no use without its end.
        columns = (Column(name.replace("_", " "), overflow="fold") for name in rows[0])
        table = Table(*columns, box=None, header_style="bold")
        for row in rows:
            table.add_row(*(str(value) for value in row.values()))
        out.print(table)


def print_json(value: Any) -> None:
    """Print one JSON document on stdout."""
    typer.echo(json.dumps(value, default=str, ensure_ascii=False, indent=2))
