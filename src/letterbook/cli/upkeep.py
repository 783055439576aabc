"""`migrate`, `doctor`, `verify`, `rotate-keys`: keeping an installation well."""

from __future__ import annotations

import typer
from django.core.management import call_command
from django.utils.timezone import now

from letterbook.cli.printing import AsJson, out, show_rows
from letterbook.cli.starting import start_django
from letterbook.cli.verifying import verify


def add_to(app: typer.Typer) -> None:
    """Register these commands."""
    app.command()(migrate)
    app.command()(doctor)
    app.command()(verify)
    app.command("rotate-keys")(rotate_keys)


def migrate() -> None:
    """Bring the database's schema up to date."""
    start_django()
    call_command("migrate", verbosity=0)
    out.print("The database is up to date.")


def doctor(as_json: AsJson = False) -> None:
    """Print what is in force and what is wrong, with the fix."""
    start_django()
    from letterbook.project.examination import examine

    findings = examine()
    rows = [
        {"what": one.what, "is": one.value, "": "ok" if one.is_well else one.fix}
        for one in findings
    ]
    show_rows(rows, as_json=as_json, empty="")
    if not all(one.is_well for one in findings):
        raise typer.Exit(1)


def rotate_keys() -> None:
    """Seal every mailbox's permission with the first of LETTERBOOK_SECRET_KEYS; the others can then be dropped."""
    start_django()
    from letterbook.contacts.tombstones import rotate_erasure_keys
    from letterbook.mailboxes.grants import rotate_secrets

    # Also by what is known who was erased.
    rotate_erasure_keys()
    out.print(f"{rotate_secrets(at=now())} mailboxes are sealed with the first key now.")
