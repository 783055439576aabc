"""`why`, `coverage`, `quarantine`: whether all mail is there, and what became of what is not."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer
from django.utils.timezone import now

from letterbook.cli.people import TeamSlug
from letterbook.cli.printing import AsJson, out, show_rows
from letterbook.cli.starting import start_django

Address = Annotated[str, typer.Argument(help="The mailbox's address.")]
Numbers = Annotated[
    list[int] | None, typer.Argument(help="Their numbers in `quarantine list`; all when not given.")
]


def add_to(app: typer.Typer) -> None:
    """Register these commands."""
    app.command()(why)
    app.command()(coverage)
    quarantine = typer.Typer(no_args_is_help=True)
    quarantine.command("list")(list_quarantine)
    quarantine.command("show")(show_quarantined)
    quarantine.command("replay")(replay)
    quarantine.command("dismiss")(dismiss)
    app.add_typer(quarantine, name="quarantine", help="Emails that could not be read.")


def why(
    query: Annotated[
        str, typer.Argument(help="An address, words of the subject, a Message-ID, a Gmail link.")
    ],
    team: TeamSlug = "",
    user: Annotated[str, typer.Option(help="In whose mailboxes; the team's owner's.")] = "",
    as_json: AsJson = False,
) -> None:
    """Say why an email is here, or is not. Gmail is asked which one is meant."""
    start_django()
    from letterbook.cli.choosing import choose_member, choose_team
    from letterbook.incoming.explaining import explain

    look_up = explain(choose_member(choose_team(team), user), query, clock=now)
    rows = [
        {
            "mailbox": one.mailbox.address,
            "received": f"{one.at:%Y-%m-%d %H:%M}" if one.at else "",
            "from": one.sender,
            "subject": one.subject or one.provider_id,
            "state": one.reason.state,
            "why": one.reason.why,
            "what_to_do": one.reason.what_to_do,
        }
        for one in look_up.found
    ]
    show_rows(rows, as_json=as_json, empty="Neither Gmail nor Letterbook knows of such an email.")
    if not as_json:
        for notice in look_up.notices:
            out.print(notice, markup=False)


def coverage(
    mailbox: Address,
    team: TeamSlug = "",
    check: Annotated[bool, typer.Option("--check", help="Have a worker ask Gmail now.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what Gmail has of each month against what became of it here."""
    start_django()
    from letterbook.cli.choosing import choose_mailbox, choose_team
    from letterbook.incoming.checks import request_check
    from letterbook.incoming.coverage_days import coverage_by_month

    found = choose_mailbox(choose_team(team), mailbox)
    if check:
        request_check(found, at=now())
    rows = [
        {
            "month": f"{one.first:%Y-%m}",
            "at_gmail": "" if one.provider_count is None else one.provider_count,
            "stored": one.fates.stored,
            "left_out": one.fates.left_out,
            "of_files": one.fates.of_files,
            "waiting": one.fates.waiting,
            "quarantined": one.fates.quarantined,
            "lacking": one.lacking,
            "state": one.word,
        }
        for one in coverage_by_month(found)
    ]
    show_rows(rows, as_json=as_json, empty="Nothing was retrieved yet.")


def list_quarantine(mailbox: Address, team: TeamSlug = "", as_json: AsJson = False) -> None:
    """Show what could not be read, newest first."""
    start_django()
    from letterbook.cli.choosing import choose_mailbox, choose_team
    from letterbook.incoming.dismissing import quarantined_in

    rows = [
        {
            "number": row.pk,
            "received": f"{row.provider_at:%Y-%m-%d %H:%M}" if row.provider_at else "",
            "id": row.provider_id,
            "error": row.error,
        }
        for row in quarantined_in(choose_mailbox(choose_team(team), mailbox))
    ]
    show_rows(rows, as_json=as_json, empty="Everything could be read.")


def show_quarantined(
    mailbox: Address, number: Annotated[int, typer.Argument()], team: TeamSlug = ""
) -> None:
    """Write the source of one to standard output, byte for byte."""
    start_django()
    from letterbook.cli.choosing import choose_mailbox, choose_member, choose_team
    from letterbook.incoming.dismissing import find_quarantined, read_quarantined_source
    from letterbook.kit.refusals import NotFound

    chosen = choose_team(team)
    found = choose_mailbox(chosen, mailbox)
    row = find_quarantined(choose_member(chosen, found.owner.email), found, number)
    raw = read_quarantined_source(row)
    if raw is None:
        raise NotFound("Gmail never gave its source.", way_out="Replay it: it is fetched again.")
    typer.get_binary_stream("stdout").write(raw)


def replay(mailbox: Address, numbers: Numbers = None, team: TeamSlug = "") -> None:
    """Try to read all of them again, or these."""
    start_django()
    from letterbook.cli.choosing import choose_mailbox, choose_team
    from letterbook.incoming.replaying import replay_quarantine

    found = choose_mailbox(choose_team(team), mailbox)
    ids = _provider_ids(found.pk, numbers)
    decided = replay_quarantine(found, provider_ids=ids, at=now())
    out.print(
        f"{decided.stored + decided.repeated} stored, {decided.skipped} left out, "
        f"{decided.quarantined} still unreadable."
        + (f" {decided.waiting} to be fetched again." if decided.waiting else "")
    )


def dismiss(mailbox: Address, numbers: Numbers = None, team: TeamSlug = "") -> None:
    """Give up all of them, or these: their sources go, the ledger keeps that they were."""
    start_django()
    from letterbook.cli.choosing import choose_mailbox, choose_member, choose_team
    from letterbook.incoming.dismissing import dismiss as dismiss_quarantined

    chosen = choose_team(team)
    found = choose_mailbox(chosen, mailbox)
    owner = choose_member(chosen, found.owner.email)
    ids = _provider_ids(found.pk, numbers)
    number = dismiss_quarantined(owner, found, provider_ids=ids, at=now())
    out.print(f"{number} dismissed.")


def _provider_ids(mailbox_id: UUID, numbers: list[int] | None) -> list[str] | None:
    from letterbook.correspondence.models import LedgerState, MailboxMessage
    from letterbook.kit.refusals import NotFound

    if not numbers:
        return None
    rows = MailboxMessage.objects.filter(mailbox_id=mailbox_id, state=LedgerState.QUARANTINED)
    found = dict(rows.filter(pk__in=numbers).values_list("pk", "provider_id"))
    if unknown := sorted(set(numbers) - found.keys()):
        raise NotFound(
            f"There is no {unknown[0]} in the quarantine.", way_out="`quarantine list` shows them."
        )
    return list(found.values())
