"""`backup`, `restore`: an installation into a folder, and back from it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from django.utils.timezone import now

from letterbook.cli.printing import AsJson, out, print_json
from letterbook.cli.starting import start_django

_KEYS_ARE_NOT_IN_IT = (
    "The secret keys are not in it. Keep a copy of them elsewhere: {keys}. Without them every mailbox has to be "
    "reconnected. What is in it is not encrypted: it is everybody's mail."
)


def add_to(app: typer.Typer) -> None:
    """Register these commands."""
    app.command()(backup)
    app.command()(restore)


def backup(
    folder: Annotated[Path, typer.Argument(help="A new folder for it.")], as_json: AsJson = False
) -> None:
    """Write everything into a new folder, while Letterbook goes on working."""
    start_django()
    from django.conf import settings

    from letterbook.project.backing_up import back_up

    made = back_up(folder, at=now())
    if as_json:
        print_json({"folder": str(folder), "tables": len(made.tables), "rows": made.rows})
        return
    out.print(f"{made.rows} rows of {len(made.tables)} tables are in {folder}.", soft_wrap=True)
    keys_file = settings.HOME / "secret-keys"
    keys = str(keys_file) if keys_file.exists() else "LETTERBOOK_SECRET_KEYS"
    out.print(_KEYS_ARE_NOT_IN_IT.format(keys=keys), soft_wrap=True, markup=False)


def restore(
    folder: Annotated[Path, typer.Argument(help="What `letterbook backup` made.")],
    are_keys_lost: Annotated[
        bool, typer.Option("--keys-are-lost", help="Do without; mailboxes must be reconnected.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Restore a backup into an empty database; sending stays paused until each mailbox is resumed."""
    start_django()
    from letterbook.project.restoring import restore as restore_backup

    manifest, doubted = restore_backup(folder, are_keys_lost=are_keys_lost, at=now())
    if as_json:
        print_json({"rows": manifest.rows, "made_at": manifest.made_at, "asked_about": doubted})
        return
    out.print(
        f"{manifest.rows} rows are back, as they were at {manifest.made_at}. Sending is paused everywhere. "
        f"{doubted} emails were on their way; Gmail is asked about each once `letterbook serve` or a worker runs. "
        "Look at the outbox, then resume each mailbox on the page Mailboxes. `letterbook verify` proves that all fits.",
        soft_wrap=True,
    )
