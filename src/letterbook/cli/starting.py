"""What every command that needs the database does first: keys, PostgreSQL, Django."""

from __future__ import annotations

import os
from pathlib import Path

import django

from letterbook.kit.collecting import collect_seldom
from letterbook.kit.secrets import new_key
from letterbook.project import environment
from letterbook.project.embedded_postgres import EmbeddedPostgres, use_embedded_postgres


def start_django() -> EmbeddedPostgres | None:
    """Make the settings complete and load Django; return the embedded PostgreSQL when it is the one in use."""
    home = environment.home()
    os.environ["LETTERBOOK_HOME"] = str(home)
    _make_private(home)
    if not environment.read("LETTERBOOK_SECRET_KEYS"):
        os.environ["LETTERBOOK_SECRET_KEYS"] = _own_keys(home / "secret-keys")
    postgres = use_embedded_postgres(home)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "letterbook.project.settings")
    django.setup()
    collect_seldom()
    return postgres


def _make_private(home: Path) -> None:
    try:
        # Notices hold links for a new password, where no SMTP server takes them.
        for folder in (home, home / "notices"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise environment.BadSetting(
            f"LETTERBOOK_HOME is {home}, which cannot be created: {error.strerror}. Choose a folder you may write to."
        ) from error


def _own_keys(path: Path) -> str:
    """Return the keys of this installation, made on first use, in a file that only its owner may read."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="utf-8").strip()
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        key = new_key()
        file.write(key + "\n")
    return key
