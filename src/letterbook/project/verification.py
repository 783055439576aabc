"""`letterbook verify`: every proof of every app, asked of everything that is stored."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from uuid import UUID

from django.apps import apps
from django.utils.module_loading import module_has_submodule

from letterbook.project.sealing import proofs_of_seal
from letterbook.teams.proving import Examined, Proof, examine


def verify(*, team_id: UUID | None = None, seal: Path | None = None) -> Iterator[Examined]:
    """Run every proof, those of a seal too, and return what each came to, as it comes; changes nothing."""
    proofs = all_proofs() + (proofs_of_seal(seal) if seal else ())
    return (examine(proof, team_id=team_id) for proof in proofs)


def all_proofs() -> tuple[Proof, ...]:
    """Return the proofs of all apps: an app that keeps a `proofs.py` has its `PROOFS` here."""
    modules = (
        import_module(f"{config.name}.proofs")
        for config in apps.get_app_configs()
        if config.module and module_has_submodule(config.module, "proofs")
    )
    return tuple(proof for module in modules for proof in module.PROOFS)
