"""`mailbox list`, `retrieve`, `import`: mail coming in."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from django.utils.timezone import now
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from letterbook.cli.people import TeamSlug
from letterbook.cli.printing import AsJson, out, print_json, show_rows
from letterbook.cli.starting import start_django
from letterbook.kit.refusals import Invalid

if TYPE_CHECKING:
    from letterbook.incoming.importing import ImportResult
    from letterbook.incoming.models import RetrievalRun


def add_to(app: typer.Typer) -> None:
    """Register these commands."""
    mailbox = typer.Typer(no_args_is_help=True)
    mailbox.command("list")(list_mailboxes)
    app.add_typer(mailbox, name="mailbox", help="Connected mailboxes.")
    app.command()(retrieve)
    app.command("import")(import_files)


def list_mailboxes(team: TeamSlug = "", as_json: AsJson = False) -> None:
    """Show the mailboxes, how they fare and what to do about it, and what of them is stored."""
    start_django()
    from letterbook.cli.choosing import choose_team
    from letterbook.incoming.coverage import coverage_of
    from letterbook.mailboxes.health import HEALTH_RELATED, describe
    from letterbook.mailboxes.models import Mailbox

    found = Mailbox.objects.filter(team=choose_team(team)).select_related(*HEALTH_RELATED)
    mailboxes = list(found.order_by("address"))
    coverage = coverage_of(mailboxes)
    described = {mailbox.id: describe(mailbox, at=now()) for mailbox in mailboxes}
    rows = [
        {
            "address": mailbox.address,
            "health": described[mailbox.id].word,
            "shares": mailbox.get_sharing_display(),
            "stored": coverage[mailbox.id].stored,
            "left_out": sum(coverage[mailbox.id].skipped.values()),
            "waiting": coverage[mailbox.id].waiting,
            "quarantined": coverage[mailbox.id].quarantined,
            "reason": described[mailbox.id].reason,
            "what_to_do": described[mailbox.id].what_to_do,
        }
        for mailbox in mailboxes
    ]
    show_rows(
        rows,
        as_json=as_json,
        empty="No mailbox yet: connect one on the page Mailboxes, or import a file.",
    )


def retrieve(
    mailbox: Annotated[
        str, typer.Option(help="Its address; all connected mailboxes when not given.")
    ] = "",
    team: TeamSlug = "",
) -> None:
    """Fetch new mail now, in this process, until nothing waits; that takes its time where there is much."""
    start_django()
    from letterbook.cli.choosing import choose_mailbox, choose_team
    from letterbook.incoming.models import RunKind
    from letterbook.incoming.requesting import goes_on_at
    from letterbook.incoming.retrieval import retrieve as retrieve_mailbox
    from letterbook.mailboxes.models import Kind, Mailbox, MailboxState
    from letterbook.mailboxes.opening import open_mailbox

    chosen = choose_team(team)
    connected = Mailbox.objects.filter(team=chosen, kind=Kind.GMAIL, state=MailboxState.CONNECTED)
    mailboxes = [choose_mailbox(chosen, mailbox)] if mailbox else list(connected)
    if not mailboxes:
        raise Invalid(
            f"{chosen.slug} has no connected mailbox.", way_out="Connect one on the page Mailboxes."
        )
    for one in mailboxes:
        run = retrieve_mailbox(one, provider=open_mailbox(one), kind=RunKind.REQUESTED, at=now())
        _say_how_it_went(one.address, run)
        while next_at := goes_on_at(one, run, at=now()):
            time.sleep(max(0.0, (next_at - now()).total_seconds()))
            run = retrieve_mailbox(
                one, provider=open_mailbox(one), kind=RunKind.REQUESTED, at=now()
            )
            _say_how_it_went(one.address, run)


def _say_how_it_went(address: str, run: RetrievalRun) -> None:
    out.print(
        f"{address}: {run.stored} stored, {run.skipped} left out, {run.quarantined} unreadable"
        + (f". {run.error}" if run.error else "."),
        soft_wrap=True,
    )


def import_files(
    paths: Annotated[
        list[Path], typer.Argument(help="mbox (also .gz), maildir, .eml, or folders of them.")
    ],
    mailbox: Annotated[
        str, typer.Option(help="Whose mail it is: the address of the mailbox it came from.")
    ],
    team: TeamSlug = "",
    user: Annotated[str, typer.Option(help="Who owns it; the team's owner when not given.")] = "",
    sharing: Annotated[str, typer.Option(help="private, metadata, subject or full.")] = "full",
    everyone: Annotated[
        bool,
        typer.Option(
            "--everyone/--known-contacts",
            help="Make everyone on it a contact, or store known only.",
        ),
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Import files of email. It can stop and go on; nothing is stored twice."""
    start_django()
    from letterbook.cli.choosing import choose_member, choose_team
    from letterbook.incoming.archives import find_archives
    from letterbook.incoming.importing import find_or_create_import_mailbox, import_archives
    from letterbook.mailboxes.models import Sharing

    if sharing.upper() not in Sharing.names:
        raise Invalid(
            f"{sharing!r} is no level of sharing.",
            way_out="Use private, metadata, subject or full.",
        )
    owner = choose_member(choose_team(team), user)
    # Before anything is created: a path with no email in it leaves no mailbox behind.
    find_archives(paths)
    target = find_or_create_import_mailbox(
        owner.team, address=mailbox, owner=owner.user, sharing=Sharing[sharing.upper()], at=now()
    )
    with _bar(is_shown=not as_json) as on_progress:
        result = import_archives(
            paths,
            mailbox=target,
            at=now(),
            creates_contacts=everyone,
            on_progress=on_progress,
        )
    if as_json:
        print_json(asdict(result))
    else:
        _say_what_came(result)


def _say_what_came(result: ImportResult) -> None:
    out.print(
        f"{result.stored} stored, {result.repeated} were there already, {result.skipped} left out, "
        f"{result.quarantined} unreadable and kept in quarantine."
    )
    for file in result.files:
        if not file.is_whole:
            out.print(
                f"{file.name}: of {file.read} read, {file.why}.", soft_wrap=True, markup=False
            )


@contextmanager
def _bar(*, is_shown: bool) -> Iterator[Callable[[int, int], None]]:
    """Show how far an import is; yields what it tells its progress to."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, disable=not is_shown) as progress:
        bar = progress.add_task("Importing", total=None)
        yield lambda done, total: progress.update(bar, completed=done, total=total)
