"""`verify`: proving that nothing was changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from letterbook.cli.printing import AsJson, out, print_json, show_rows
from letterbook.cli.starting import start_django

if TYPE_CHECKING:
    from collections.abc import Sequence

    from letterbook.teams.proving import Examined


def verify(
    team: Annotated[str, typer.Option(help="Report on one team only.")] = "",
    against: Annotated[
        Path | None, typer.Option(help="Prove too that nothing before this seal was rewritten.")
    ] = None,
    seal: Annotated[
        Path | None, typer.Option(help="Write a seal into this file, if everything is sound.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Prove that nothing was changed behind Letterbook's back and that all it keeps fits together."""
    start_django()
    from letterbook.cli.choosing import choose_team
    from letterbook.project.verification import verify as examine_all

    chosen = choose_team(team) if team else None
    examined = list(examine_all(team_id=chosen.pk if chosen else None, seal=against))
    _show(examined, as_json=as_json)
    if any(one.flaws for one in examined):
        raise typer.Exit(1)
    if seal is not None:
        _write(seal, as_json=as_json)


def _show(examined: Sequence[Examined], *, as_json: bool) -> None:
    proofs = [_proof_row(one) for one in examined]
    flaws = _flaw_rows(examined)
    if as_json:
        print_json({"proofs": proofs, "flaws": flaws})
        return
    show_rows(proofs, as_json=False, empty="")
    show_rows(flaws, as_json=False, empty="Everything is as it was written.")


def _proof_row(examined: Examined) -> dict[str, object]:
    return {
        "proof": examined.proof.name,
        "claim": examined.proof.claim,
        "looked_at": examined.looked_at,
        "flaws": len(examined.flaws),
    }


def _flaw_rows(examined: Sequence[Examined]) -> list[dict[str, str]]:
    from letterbook.teams.models import Team

    slugs = dict(Team.objects.values_list("pk", "slug"))
    return [
        {
            "what": f"{one.proof.walks._meta.verbose_name} {flaw.subject_id}: {flaw.what}",
            "team": slugs.get(flaw.team_id, str(flaw.team_id)),
            "whose": flaw.whose,
            "what_to_do": one.proof.way_out,
        }
        for one in examined
        for flaw in one.flaws
    ]


def _write(seal: Path, *, as_json: bool) -> None:
    from letterbook.project.sealing import write_seal

    count = write_seal(seal)
    if not as_json:
        out.print(
            f"{count} histories are sealed. Keep {seal} where nobody who can write to the database can."
        )
