"""`search`, `timeline`: asking."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer
from django.utils.timezone import localtime

from letterbook.cli.people import TeamSlug
from letterbook.cli.printing import AsJson, show_rows
from letterbook.cli.starting import start_django

if TYPE_CHECKING:
    from letterbook.correspondence.showing import SeenMessage
    from letterbook.search.finding import Hit, WrittenFound

AsWhom = Annotated[
    str, typer.Option("--user", help="Whose eyes to look with; the team's owner when not given.")
]


def add_to(app: typer.Typer) -> None:
    """Register these commands."""
    app.command()(search)
    app.command()(timeline)


def search(
    query: Annotated[
        str,
        typer.Argument(
            help='Words, from:, to:, subject:, in:notes, before:, after:, "a phrase", prefix*.'
        ),
    ],
    team: TeamSlug = "",
    user: AsWhom = "",
    limit: Annotated[int, typer.Option(min=1, max=200)] = 20,
    as_json: AsJson = False,
) -> None:
    """Find emails, notes, calls, meetings and tasks, newest first, as far as that person may see."""
    start_django()
    from letterbook.cli.choosing import looking_as
    from letterbook.search.finding import search as find

    with looking_as(team, user) as member:
        results = find(member, query, limit=limit)
    rows = [_row(one) for one in results.in_order]
    show_rows(rows, as_json=as_json, empty="Nothing found that this person may see.")


def timeline(
    contact: Annotated[str, typer.Argument(help="An address of the contact, or part of the name.")],
    team: TeamSlug = "",
    user: AsWhom = "",
    limit: Annotated[int, typer.Option(min=1, max=200)] = 30,
    as_json: AsJson = False,
) -> None:
    """Show a contact's history, newest first, as far as that person may see."""
    start_django()
    from letterbook.cli.choosing import choose_contact, looking_as
    from letterbook.timeline.reading import read_timeline

    with looking_as(team, user) as member:
        found = choose_contact(member, contact)
        rows = [
            {
                "when": _when(line.occurred_at),
                "way": line.direction or line.type,
                "subject": line.email.subject if line.email else "",
                "text": line.email.snippet if line.email else line.text,
            }
            for line in read_timeline(member, found, limit=limit).lines
        ]
    show_rows(rows, as_json=as_json, empty="Nothing yet.")


def _row(found: Hit | WrittenFound) -> dict[str, object]:
    from letterbook.search.finding import Hit

    excerpt = "".join(part.text for part in found.excerpt)
    if isinstance(found, Hit):
        writer, subject = _writer(found.email), "".join(part.text for part in found.subject)
    else:
        line = found.activity
        writer, subject = str(line.user or ""), f"{line.type} about {line.contact}"
    return {"when": _when(found.place.at), "from": writer, "subject": subject, "excerpt": excerpt}


def _when(moment: datetime) -> str:
    return localtime(moment).strftime("%Y-%m-%d %H:%M")


def _writer(email: SeenMessage) -> str:
    return next((one.name or one.address for one in email.people if one.role == "from"), "")
