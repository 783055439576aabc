"""`outgoing show`, `failures`, `pause-after-restore`: what became of what was written, and what may leave."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer
from django.utils.timezone import localtime, now

from letterbook.cli.people import TeamSlug
from letterbook.cli.printing import AsJson, out, print_json, show_rows
from letterbook.cli.questions import AsWhom
from letterbook.cli.starting import start_django
from letterbook.kit.refusals import Invalid, NotFound


def add_to(app: typer.Typer) -> None:
    """Register these commands."""
    outgoing = typer.Typer(no_args_is_help=True)
    outgoing.command("show")(show)
    outgoing.command("failures")(failures)
    outgoing.command("pause-after-restore")(pause_after_restore)
    app.add_typer(outgoing, name="outgoing", help="Emails written here, and what became of them.")


def show(
    email: Annotated[str, typer.Argument(help="The email's id, as in its page's address.")],
    team: TeamSlug = "",
    user: AsWhom = "",
    as_json: AsJson = False,
) -> None:
    """Tell the story of an email, as far as that person may know it; exit with 1 when its history was changed."""
    start_django()
    from letterbook.cli.choosing import looking_as
    from letterbook.outgoing.models import OutgoingEmail
    from letterbook.outgoing.story import tell_story

    with looking_as(team, user) as member:
        found = (
            OutgoingEmail.objects.visible_to(member)
            .select_related("mailbox")
            .filter(pk=_uuid(email))
            .first()
        )
        if found is None:
            raise NotFound("There is no such email for this person.")
        story = tell_story(found, member=member, at=now())
        lines = [
            {"when": _when(one.at), "what": one.title, "how": one.text, "evidence": one.evidence}
            for one in story.lines
        ]
    expected = story.expectation.reason if story.expectation else ""
    if as_json:
        print_json({"status": found.status, "story": lines, "next": expected, "flaws": story.flaws})
    else:
        show_rows(lines, as_json=False, empty="")
        out.print(" ".join((expected, *story.flaws)).strip() or "History verified.")
    if story.flaws:
        raise typer.Exit(1)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Invalid(f"{text!r} is no email's id.", field="email") from error


def failures(team: TeamSlug = "", user: AsWhom = "", as_json: AsJson = False) -> None:
    """List what failed and is not resolved yet, newest first, as far as that person may know."""
    start_django()
    from letterbook.cli.choosing import looking_as
    from letterbook.outgoing.desk import FailureFilter, failures_for

    with looking_as(team, user) as member:
        rows = [
            {
                "email": one.email_id,
                "when": _when(one.failed_at),
                "mailbox": one.mailbox.address,
                "class": one.error_class,
                "why": one.error if one.may_read_content else one.get_error_class_display(),
            }
            for one in failures_for(member, FailureFilter()).select_related("mailbox")[:200]
        ]
    show_rows(rows, as_json=as_json, empty="Nothing failed that is not resolved.")


def pause_after_restore() -> None:
    """Run this once after restoring a backup, before any worker starts: nothing leaves before Gmail was asked."""
    start_django()
    from letterbook.outgoing.pausing import pause_after_restore as pause

    count = pause(at=now())
    out.print(
        f"Sending is paused everywhere. {count} emails were on their way; Gmail is asked about each once a worker "
        "runs. Look at the outbox, then resume each mailbox there."
    )


def _when(moment: datetime) -> str:
    return localtime(moment).strftime("%Y-%m-%d %H:%M:%S")
