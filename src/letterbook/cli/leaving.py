"""`export`, `erase`: taking histories along, and taking a person out of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from django.utils.timezone import now

from letterbook.cli.people import TeamSlug
from letterbook.cli.printing import AsJson, out, print_json
from letterbook.cli.questions import AsWhom
from letterbook.cli.starting import start_django
from letterbook.kit.refusals import Invalid


def add_to(app: typer.Typer) -> None:
    """Register these commands."""
    app.command()(export)
    app.command()(erase)


def export(
    folder: Annotated[Path, typer.Argument(help="A new folder for it.")],
    contact: Annotated[
        str,
        typer.Option(help="An address of one contact, or part of the name; all when not given."),
    ] = "",
    team: TeamSlug = "",
    user: AsWhom = "",
    as_json: AsJson = False,
) -> None:
    """Write histories into a new folder, as far as that person may see: contacts.jsonl and mail.mbox."""
    start_django()
    from letterbook.cli.choosing import choose_contact, looking_as
    from letterbook.timeline.taking_along import take_along

    with looking_as(team, user) as member:
        chosen = [choose_contact(member, contact)] if contact else None
        taken = take_along(member, chosen, folder=folder, at=now())
    if as_json:
        print_json(
            {
                "contacts": taken.contacts,
                "lines": taken.lines,
                "emails": taken.emails,
                "not_readable": taken.unreadable,
            }
        )
        return
    out.print(
        f"{taken.contacts} contacts with {taken.lines} lines and {taken.emails} emails are in {folder}."
        + (f" {taken.unreadable} emails this person may not read." if taken.unreadable else ""),
        soft_wrap=True,
    )


def erase(
    contact: Annotated[str, typer.Argument(help="An address of the contact.")],
    team: TeamSlug = "",
    user: AsWhom = "",
    is_sure: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase a person for good with everything that is only theirs; says first what goes."""
    start_django()
    from letterbook.cli.choosing import choose_contact, looking_as
    from letterbook.outgoing.erasing import erase_contact, preview_erasure

    with looking_as(team, user) as member:
        chosen = choose_contact(member, contact)
        shown = preview_erasure(member, chosen)
        out.print(
            f"{chosen} ({', '.join(shown.addresses) or 'no address'}): {shown.emails} emails, {shown.notes} notes, "
            f"{shown.drafts} drafts and the words of {shown.outgoing} emails written here go for good, with what "
            f"{member.user} may not see of theirs. {shown.shared} emails stay, for others are on them. Backups keep "
            "what they hold.",
            soft_wrap=True,
            markup=False,
        )
        if not (is_sure or typer.confirm("Erase them?")):
            raise Invalid("Nothing was erased.", way_out="Say yes, or give --yes.")
        erase_contact(member, chosen, at=now())
    out.print("Erased.")
