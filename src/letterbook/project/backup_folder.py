"""A backup as it lies on a disk: `manifest.json`, a compressed file for each table, and uploads that wait.

The manifest is written last and names every file with its digest: a folder without one is no backup, and a damaged one
is found before anything is restored from it. The keys are not in it; it only tells whether some are the right ones.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from letterbook.kit.refusals import Invalid
from letterbook.kit.secrets import SecretBox, SecretUnreadable

FORMAT = 1
MANIFEST = "manifest.json"
UPLOADS = "uploads"
_CHUNK = 1024 * 1024
_BINDING = "letterbook backup"


@dataclass(frozen=True, slots=True)
class KeptTable:
    """One table: where its rows lie, in which columns, and how many."""

    name: str
    file: str
    columns: list[str]
    rows: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds and of which schema; `files` are digests by path."""

    letterbook: str
    made_at: str
    key_proof: str
    migrations: list[list[str]]
    tables: list[KeptTable]
    sequences: dict[str, int]
    files: dict[str, str] = field(default_factory=dict)
    format: int = FORMAT

    @property
    def rows(self) -> int:
        """How many rows it has altogether."""
        return sum(table.rows for table in self.tables)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest, which makes the folder a backup."""
    text = json.dumps(asdict(manifest), indent=1)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a backup, every file of it looked at; raise `Invalid` for no backup or a damaged one."""
    try:
        read = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if read["format"] != FORMAT:
            raise Invalid(
                f"{folder} was made by another version of Letterbook ({read['letterbook']}).",
                way_out="Restore it with that version.",
            )
        tables = [KeptTable(**table) for table in read.pop("tables")]
        manifest = Manifest(tables=tables, **read)
    except OSError as error:
        raise Invalid(
            f"{folder} is no backup: {MANIFEST} cannot be read ({error.strerror}).",
            way_out="Name the folder that `letterbook backup` made.",
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Invalid(f"{folder / MANIFEST} is damaged.", way_out="Use another backup.") from error
    _check_files(folder, manifest)
    return manifest


def _check_files(folder: Path, manifest: Manifest) -> None:
    for name, digest in manifest.files.items():
        path = folder / name
        if not path.is_file() or digest_of(path) != digest:
            raise Invalid(
                f"{path} is missing or damaged.", way_out="Use another backup; nothing was changed."
            )


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digests(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the path of each file in a folder, as seen from it, with its digest."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix(), digest_of(path)


def prove_keys(keys: list[str]) -> str:
    """Return something that only the same keys open."""
    return SecretBox(keys).seal("", binding=_BINDING).decode()


def are_the_keys(proof: str, keys: list[str]) -> bool:
    """Whether these keys open what the backup's installation sealed."""
    try:
        SecretBox(keys).open(proof.encode(), binding=_BINDING)
    except (SecretUnreadable, ValueError):
        return False
    return True
