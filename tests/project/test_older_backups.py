"""A backup made before a migration: its rows come back as they were, and are brought to the present from there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from factories import a_contact, a_mailbox
from letterbook.incoming.models import RetrievalRun, RunKind
from letterbook.kit.refusals import Conflict
from letterbook.mailboxes.models import Mailbox
from letterbook.project.backing_up import applied_migrations, back_up
from letterbook.project.backup_folder import MANIFEST
from letterbook.project.restoring import restore
from letterbook.project.verification import verify
from letterbook.teams.models import User
from whole_database import empty_the_database

# The migration before the one that gave each run a column.
BEFORE = ("incoming", "0003_empty_runs_by_age")
COLUMN = """
    SELECT count(*) FROM information_schema.columns
    WHERE table_name = 'incoming_retrievalrun' AND column_name = 'files'
"""


@pytest.fixture
def _yesterday(transactional_db) -> Iterator[None]:
    """The schema of before; at the end the present one is there again, whatever happened."""
    yield
    call_command("migrate", verbosity=0)


def _go_back() -> None:
    MigrationExecutor(connection).migrate([BEFORE])
    assert _has_column() == 0


def _has_column() -> int:
    with connection.cursor() as cursor:
        cursor.execute(COLUMN)
        (number,) = cursor.fetchone()
    return int(number)


@pytest.fixture
def made(_yesterday, alice, tmp_path, settings, at) -> Path:
    """A backup of the schema of before, of a team with a contact, a mailbox and a run."""
    settings.HOME = tmp_path / "home"
    a_contact(alice, "Anna Lind", "anna@lindwerk.example")
    mailbox = a_mailbox(alice)
    RetrievalRun.objects.create(
        mailbox=mailbox, team=alice.team, kind=RunKind.FIRST, started_at=at, ended_at=at, stored=7
    )
    _go_back()
    back_up(tmp_path / "backup", at=at)
    return tmp_path / "backup"


def test_it_is_restored_and_brought_to_the_present(made, at):
    """F28, F29: rows of yesterday's columns, with what today's add; all proofs hold."""
    before = applied_migrations()
    empty_the_database()
    restore(made, at=at)
    assert _has_column() == 1
    assert len(applied_migrations()) > len(before)
    run = RetrievalRun.objects.get()
    assert (run.stored, run.files) == (7, [])
    assert Mailbox.objects.get().is_sending_paused
    assert not [flaw for proof in verify() for flaw in proof.flaws]


def test_into_a_database_that_is_ahead_of_it_is_refused_in_clear_words(made, at):
    """F28: set up by the present version, though empty; refused before anything changes."""
    call_command("migrate", verbosity=0)
    empty_the_database()
    with pytest.raises(Conflict, match="set up by a newer Letterbook than the backup") as refused:
        restore(made, at=at)
    assert "new LETTERBOOK_HOME" in refused.value.way_out
    assert not User.objects.exists()
    assert _has_column() == 1


def test_it_says_of_which_schema_it_is(made):
    migrations = json.loads((made / MANIFEST).read_text())["migrations"]
    assert list(BEFORE) in migrations
    assert ["incoming", "0004_what_became_of_each_file"] not in migrations
