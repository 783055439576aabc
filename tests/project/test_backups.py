"""Backing an installation up and restoring it: everything is there again, and nothing leaves before Gmail was asked."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from factories import a_contact
from letterbook.kit.refusals import Conflict, Invalid
from letterbook.kit.secrets import new_key
from letterbook.mailboxes.models import Mailbox
from letterbook.outgoing.models import FrozenEmail, OutgoingEmail
from letterbook.outgoing.status import Status
from letterbook.project.backing_up import NOT_KEPT, back_up, tables_there
from letterbook.project.backup_folder import MANIFEST
from letterbook.project.restoring import restore
from letterbook.project.verification import verify
from letterbook.teams.models import AuditEntry, User
from letters import a_letter
from sending import SendingWorld
from whole_database import empty_the_database

# What `pause_after_restore` writes down, and what a session may have begun meanwhile.
_TOUCHED = {
    "mailboxes_mailbox",
    "outgoing_frozenemail",
    "outgoing_outgoingemail",
    "teams_auditentry",
    "teams_team",
}


@pytest.fixture
def home(tmp_path, settings):
    settings.HOME = tmp_path / "home"
    waiting = settings.HOME / "uploads" / "a1" / "mail.mbox"
    waiting.parent.mkdir(parents=True)
    waiting.write_bytes(b"From x\n")
    return settings.HOME


@pytest.fixture
def sending(transactional_db, alice, settings, at) -> SendingWorld:
    return SendingWorld(alice, settings, at)


@pytest.fixture
def made(home, sending, alice, tmp_path, at) -> Path:
    """A backup of a team with mail both ways, of which one email is on its way."""
    a_contact(alice, "Anna Lind", "anna@lindwerk.example")
    sending.gmail.inject(sending.mailbox.address, a_letter(1), labels=("INBOX",), received_at=at)
    sending.queue()
    folder = tmp_path / "backup"
    back_up(folder, at=at)
    return folder


def contents() -> dict[str, str]:
    """A digest of each table's rows."""
    found = {}
    with connection.cursor() as cursor:
        for name in tables_there():
            if name not in NOT_KEPT:
                cursor.execute(
                    f"SELECT md5(coalesce(string_agg(row::text, E'\\n' ORDER BY row::text), '')) FROM \"{name}\" AS row"
                )
                found[name] = cursor.fetchone()[0]
    return found


def test_all_is_there_again_and_nothing_leaves_before_gmail_was_asked(made, home, sending, at):
    """F28: every row as it was, but that sending is paused and what is queued is in doubt."""
    before = contents()
    empty_the_database()
    waiting = home / "uploads" / "a1" / "mail.mbox"
    waiting.unlink()
    manifest, doubted = restore(made, at=at)
    after = contents()
    assert {name for name in before if before[name] != after[name]} <= _TOUCHED
    assert (doubted, manifest.rows > 20, waiting.read_bytes()) == (1, True, b"From x\n")
    mailbox = Mailbox.objects.get(kind="gmail")
    assert mailbox.is_sending_paused
    assert "Restored from a backup." in mailbox.sending_paused_reason
    assert AuditEntry.objects.filter(what="sending paused", user=None).count() == 1
    assert FrozenEmail.objects.get().submitted_at is not None
    sending.work(hours=2)
    assert (OutgoingEmail.objects.get().status, sending.accepted) == (Status.FAILED, [])
    assert not [flaw for proof in verify() for flaw in proof.flaws]


def test_after_a_restore_new_rows_are_numbered_on(made, sending, alice, at):
    """A sequence that began anew would meet the rows that are there."""
    empty_the_database()
    restore(made, at=at)
    User.objects.create_user("new@haldenrowe.example", "a long enough passphrase")
    assert a_contact(alice, "Ben", "ben@lindwerk.example").pk


def test_nothing_is_ever_overwritten(made, home, at):
    before = contents()
    with pytest.raises(Conflict, match="not empty"):
        restore(made, at=at)
    with pytest.raises(Conflict, match="never overwritten"):
        back_up(made, at=at)
    assert contents() == before


def test_other_keys_are_refused_unless_the_old_ones_are_lost(made, settings, at):
    empty_the_database()
    settings.SECRET_KEYS = [new_key()]
    with pytest.raises(Conflict, match="not those of the backup") as refused:
        restore(made, at=at)
    assert "--keys-are-lost" in refused.value.way_out
    assert not User.objects.exists()
    restore(made, are_keys_lost=True, at=at)
    assert User.objects.exists()


def test_what_cannot_be_restored_is_said_and_changes_nothing(made, tmp_path, at):
    empty_the_database()
    table = "teams_user.copy.zst"
    harms = {
        "is no backup": lambda folder: (folder / MANIFEST).unlink(),
        "manifest.json is damaged": lambda folder: (folder / MANIFEST).write_text("{"),
        f"{table} is missing or damaged": lambda folder: (folder / table).write_bytes(b"x"),
        "is missing": lambda folder: (folder / table).unlink(),
        "another version": lambda folder: _change(folder, format=2),
        "newer Letterbook": lambda folder: _add_migration(folder, "teams", "9999_later"),
    }
    for number, (says, harm) in enumerate(harms.items()):
        folder = tmp_path / f"harmed-{number}"
        shutil.copytree(made, folder)
        harm(folder)
        with pytest.raises(Invalid, match=says):
            restore(folder, at=at)
    assert not User.objects.exists()


def test_no_moment_is_left_in_which_a_worker_could_send(made, at, monkeypatch):
    """F28: broken off right after the rows are back, all is in doubt and paused already."""
    empty_the_database()
    monkeypatch.setattr("letterbook.project.restoring._copy_uploads", _break_off)
    with pytest.raises(OSError, match="broken off"):
        restore(made, at=at)
    assert Mailbox.objects.get(kind="gmail").is_sending_paused
    assert FrozenEmail.objects.get().submitted_at is not None


def _break_off(_folder: Path) -> None:
    raise OSError("broken off")


def test_a_restore_that_breaks_off_leaves_nothing(made, at):
    """The last table's rows do not fit: none of the others' are there either."""
    empty_the_database()
    manifest = json.loads((made / MANIFEST).read_text())
    manifest["tables"][-1]["rows"] += 1
    (made / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(Invalid, match="does not hold"):
        restore(made, at=at)
    assert not User.objects.exists()


def test_a_backup_that_breaks_off_leaves_no_folder(
    transactional_db, alice, home, tmp_path, at, monkeypatch
):
    monkeypatch.setattr("letterbook.project.backing_up._copy_uploads", _break_off)
    with pytest.raises(Invalid, match="cannot be written"):
        back_up(tmp_path / "backup", at=at)
    assert list(tmp_path.iterdir()) == [home]


def test_neither_keys_nor_permissions_are_readable_in_it(made):
    """F28: whoever finds a backup reads mail in it, but nothing that opens a mailbox."""
    whole = b"".join(path.read_bytes() for path in made.rglob("*") if path.is_file())
    assert not [key for key in settings.SECRET_KEYS if key.encode() in whole]
    assert made.stat().st_mode & 0o077 == 0


def _add_migration(folder: Path, *one: str) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    _change(folder, migrations=[*manifest["migrations"], list(one)])


def _change(folder: Path, **values: object) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps(manifest | values))
