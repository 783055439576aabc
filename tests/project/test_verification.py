"""`letterbook verify`: what was changed behind Letterbook's back is found and named, and nothing else is."""

from __future__ import annotations

import json
from importlib import import_module

import pytest
from django.db import connection
from typer.testing import CliRunner

from factories import a_contact, a_message
from letterbook.cli.running import app
from letterbook.kit.refusals import Conflict, Invalid
from letterbook.outgoing.chaining import flaws_of_history
from letterbook.outgoing.models import StatusChange
from letterbook.project.sealing import write_seal
from letterbook.project.verification import all_proofs, verify
from letterbook.teams.audit import record_audit
from letterbook.teams.models import AuditEntry
from letterbook.timeline.acquainting import add_contact
from letterbook.timeline.deleting import delete_activity
from letterbook.timeline.models import Activity
from sending import SendingWorld
from tampering import tamper

CHAINS = (
    import_module("letterbook.outgoing.migrations.0007_chain_the_history").CHAIN,
    import_module("letterbook.teams.migrations.0002_chain_the_audit_log").CHAIN,
)


@pytest.fixture
def world(alice, settings, at):
    """A team with a contact, and an email of each status: one sent, one failed and retried, one queued, one draft."""
    world = SendingWorld(alice, settings, at)
    add_contact(alice, name="Anna", addresses=["anna@lindwerk.example"], at=at)
    world.sent = world.queue(subject="Sent")
    world.work()
    world.gmail.fail("drafts.send", "refuse:400")
    world.failed = world.attempt(world.queue(subject="Failed"))
    world.queued = world.queue(subject="Queued")
    world.cancel(world.queued)
    world.queue(world.queued)
    world.draft = world.write(subject="Draft")
    a_message(world.mailbox, a_contact(alice), raw=b"From: boris@kontor.example\r\n\r\nHello")
    for email in (world.sent, world.failed, world.queued, world.draft):
        email.refresh_from_db()
    assert [world.sent.status, world.failed.status, world.queued.status] == [
        "sent",
        "failed",
        "queued",
    ]
    return world


def found(**of):
    """Return what is wrong, by proof."""
    return {one.proof.name: [flaw.what for flaw in one.flaws] for one in verify(**of) if one.flaws}


def test_where_nothing_was_changed_all_proofs_hold(world):
    """S9, S15, S19, S63: and every proof has looked at something."""
    examined = list(verify())
    assert {one.proof.name: one.flaws for one in examined if one.flaws} == {}
    assert all(one.looked_at for one in examined)
    assert {"history", "status", "frozen bytes", "sent", "timelines", "audit log"} <= {
        one.proof.name for one in examined
    }


CHANGED = [
    ("reason = 'Because'", "line 2 of its history was changed"),
    ("at = at - interval '1 hour'", "line 2 of its history was changed"),
    ("user_id = NULL, actor = 'worker'", "line 2 of its history was changed"),
    ("actor_name = 'Another program'", "line 2 of its history was changed"),
    ("attempt = attempt + 1", "line 2 of its history was changed"),
    ("error = 'Nothing'", "line 2 of its history was changed"),
    ("number = 7", "missing or was put in"),
    ("hash = sha256('')", "line 3 of its history was changed"),
]


@pytest.mark.parametrize(("change", "words"), CHANGED)
def test_a_changed_line_of_an_emails_history_is_found(world, change, words):
    """S15, S19."""
    tamper(
        f"UPDATE outgoing_statuschange SET {change} WHERE email_id = %s AND number = 2",
        world.sent.pk,
    )
    assert any(words in what for what in found()["history"])
    assert flaws_of_history(world.sent)
    assert flaws_of_history(world.failed) == ()


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_line_taken_from_an_emails_history_is_found(world, number):
    """S15: the first, one in the middle, and the last, where only the email's own row tells that it is missing."""
    tamper(
        "DELETE FROM outgoing_statuschange WHERE email_id = %s AND number = %s",
        world.sent.pk,
        number,
    )
    assert found()["history"]


def _make_room(email, number):
    """Let the lines from one on begin one later, as whoever puts one in has to."""
    for change in ("number + 100", "number - 99"):
        tamper(
            f"UPDATE outgoing_statuschange SET number = {change} WHERE email_id = %s AND number >= %s",
            email.pk,
            number,
        )


@pytest.mark.parametrize("number", [3, 5], ids=["between two", "after the last"])
def test_a_line_put_into_an_emails_history_is_found(world, number):
    """S15: a copy of one that is there, under a number that is free."""
    if number == 3:
        _make_room(world.queued, number)
    tamper(
        "INSERT INTO outgoing_statuschange (email_id, team_id, old, new, at, actor, actor_name, reason, attempt, error,"
        " number, hash) SELECT email_id, team_id, old, new, at, actor, actor_name, reason, attempt, error, %s, hash"
        " FROM outgoing_statuschange WHERE email_id = %s AND number = 2",
        number,
        world.queued.pk,
    )
    assert f"line {number} of its history was changed" in found()["history"]
    assert flaws_of_history(world.queued)
    assert flaws_of_history(world.sent) == ()


def test_lines_of_an_emails_history_that_changed_places_are_found(world):
    """S15, S19: each as it was written, hash and all, but the second stands where the third was."""
    for old, new in ((2, 100), (3, 2), (100, 3)):
        tamper(
            "UPDATE outgoing_statuschange SET number = %s WHERE email_id = %s AND number = %s",
            *(new, world.queued.pk, old),
        )
    flaws = found()
    assert "line 2 of its history was changed" in flaws["history"]
    assert "line 2 of its history does not follow from the one before" in flaws["status"]


def test_a_history_that_was_taken_away_whole_is_found(world):
    tamper("DELETE FROM outgoing_statuschange WHERE email_id = %s", world.sent.pk)
    flaws = found()
    assert flaws["history"] == ["its history should end with line 3 and does not"]
    assert flaws["status"] == ["it is sent, but its history ends at nothing"]


def test_an_email_that_was_deleted_leaves_its_history_to_tell(world):
    tamper("DELETE FROM outgoing_outgoingemail WHERE id = %s", world.draft.pk)
    assert "the email is gone and its history is left" in found()["history"]


@pytest.mark.parametrize(
    ("statement", "proof", "words"),
    [
        (
            "UPDATE outgoing_outgoingemail SET status = 'draft' WHERE id = %s",
            "status",
            "it is draft, but its history ends at queued",
        ),
        (
            "UPDATE outgoing_frozenemail SET raw = raw || 'P.S.' WHERE email_id = %s",
            "frozen bytes",
            "the bytes of its queueing no. 1 are not those that were kept then",
        ),
    ],
)
def test_a_queued_email_that_was_changed_is_found(world, statement, proof, words):
    """S5, S19."""
    tamper(statement, world.queued.pk)
    assert words in found()[proof]


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (
            "UPDATE outgoing_deliveryattempt SET outcome = 'unknown' WHERE email_id = %s",
            "it is called sent, and 0 attempts were accepted",
        ),
        (
            "UPDATE outgoing_outgoingemail SET gmail_message_id = 'other' WHERE id = %s",
            "its copy in the history is not the one that its mailbox holds under Gmail's id",
        ),
        (
            "UPDATE correspondence_mailboxmessage SET message_id = NULL, state = 'gone' WHERE message_id ="
            " (SELECT message_id FROM outgoing_outgoingemail WHERE id = %s)",
            "its copy in the history is not the one that its mailbox holds under Gmail's id",
        ),
    ],
)
def test_a_sent_email_without_its_proof_is_found(world, statement, words):
    """S9, S33."""
    tamper(statement, world.sent.pk)
    assert words in found()["sent"]


def test_a_failed_email_that_gmail_accepted_is_found(world):
    tamper(
        "UPDATE outgoing_deliveryattempt SET outcome = 'accepted' WHERE email_id = %s",
        world.failed.pk,
    )
    assert found() == {"sent": ["Gmail accepted it, and it is called failed"]}


@pytest.mark.parametrize("direction", ["in", "out"])
def test_an_email_missing_from_a_timeline_is_found(world, direction):
    """S53, S63: whether it was sent or came."""
    [line] = Activity.objects.filter(direction=direction)
    tamper("DELETE FROM timeline_activity WHERE message_id = %s", line.message_id)
    assert found() == {"timelines": ["it is not in the history of a contact who is on it"]}


def test_a_line_that_tells_something_else_than_its_email_is_found(world):
    tamper("UPDATE timeline_activity SET direction = 'in' WHERE direction = 'out'")
    assert len(found()["timelines"]) == Activity.objects.filter(direction="in").count() - 1


def test_a_line_under_somebody_who_neither_sent_nor_received_the_email_is_found(world, bob):
    """S61, S70: in both directions, what its sender and its mailbox's owner say."""
    assert set(Activity.objects.values_list("direction", flat=True)) == {"in", "out"}
    tamper("UPDATE timeline_activity SET user_id = %s", bob.user_id)
    assert len(found()["timelines"]) == Activity.objects.count()


def test_a_line_that_somebody_deleted_is_no_flaw(world, alice, at):
    """S63, S72: each email counts once for each contact on it, and those that were taken out count apart."""
    delete_activity(alice, world.sent.message.activities.get().pk, at=at)
    assert found() == {}
    assert Activity.with_deleted.count() == Activity.objects.count() + 1


def test_an_email_in_another_teams_history_is_found(world, charlie):
    """S69, S71."""
    foreign = a_contact(charlie)
    tamper(
        "UPDATE timeline_activity SET contact_id = %s WHERE message_id = %s",
        foreign.pk,
        world.sent.message_id,
    )
    assert "it is in the history of another team's contact" in found()["timelines"]


def test_an_address_that_was_taken_from_a_contact_is_no_flaw(world, alice):
    tamper("DELETE FROM contacts_contactaddress")
    assert found() == {}


def test_an_email_that_no_mailbox_or_a_strangers_mailbox_holds_is_found(world, charlie):
    """S2, S71."""
    tamper("UPDATE correspondence_mailboxmessage SET team_id = %s", charlie.team_id)
    assert set(found()["copies"]) == {"a mailbox of another team is said to hold it"}
    tamper("DELETE FROM correspondence_mailboxmessage")
    assert set(found()["copies"]) == {"no mailbox holds it, so nobody can see it"}


@pytest.mark.parametrize("change", ["raw_zstd = 'x' || raw_zstd", "sha256 = sha256('')"])
def test_a_changed_source_is_found(world, change):
    """S55."""
    tamper(f"UPDATE correspondence_messagesource SET {change}")
    assert set(found()["sources"]) == {"its bytes are not those that came"}


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE teams_auditentry SET details = '{}'", "its audit log was changed at entry"),
        ("UPDATE teams_auditentry SET user_id = NULL", "its audit log was changed at entry"),
        ("DELETE FROM teams_auditentry WHERE number = 1", "entry 1 of its audit log is missing"),
        ("DELETE FROM teams_auditentry WHERE number = 3", "should end with entry 3"),
        ("DELETE FROM teams_auditentry", "should end with entry 3"),
    ],
)
def test_a_changed_audit_log_is_found(alice, at, statement, words):
    for color in ("red", "blue"):
        record_audit("painted", team_id=alice.team_id, user=alice.user, at=at, color=color)
    assert found() == {}
    tamper(statement)
    assert any(words in what for what in found()["audit log"])


def test_what_was_written_before_there_were_hashes_is_chained_by_the_migrations(world):
    tamper("UPDATE outgoing_statuschange SET number = id, hash = ''")
    tamper("UPDATE outgoing_outgoingemail SET history_length = 0, history_hash = ''")
    tamper("UPDATE teams_auditentry SET number = id, hash = ''")
    tamper("UPDATE teams_team SET audit_length = 0, audit_hash = ''")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        for chain in CHAINS:
            cursor.execute(chain)
    assert found() == {}
    assert StatusChange.objects.filter(number=1).count() == 4
    assert AuditEntry.objects.filter(number=1).exists()


def test_a_team_is_told_of_its_own_flaws_only(world, alice, charlie):
    tamper("UPDATE outgoing_statuschange SET reason = 'Because'")
    assert found(team_id=charlie.team_id) == {}
    assert found(team_id=alice.team_id)["history"]


def test_every_proof_says_what_it_claims_and_what_to_do():
    proofs = all_proofs()
    assert len({proof.name for proof in proofs}) == len(proofs)
    assert all(proof.claim.endswith(".") and proof.way_out.endswith(".") for proof in proofs)


def test_the_command_names_what_was_changed_whose_it_is_and_what_to_do(world):
    sound = CliRunner().invoke(app, ["verify"])
    assert (sound.exit_code, "Everything is as it was written." in sound.output) == (0, True)
    tamper("UPDATE outgoing_statuschange SET reason = 'Because' WHERE number = 2")
    told = CliRunner().invoke(app, ["verify", "--team", "halden-rowe", "--json"])
    assert told.exit_code == 1
    flaw = next(
        one for one in json.loads(told.output)["flaws"] if str(world.sent.pk) in one["what"]
    )
    assert flaw["what"].startswith(f"outgoing email {world.sent.pk}: line 2 of its history")
    assert (flaw["team"], flaw["whose"]) == ("halden-rowe", "alice@haldenrowe.example")
    assert flaw["what_to_do"]


REWRITTEN = """
    UPDATE outgoing_statuschange SET reason = 'Because' WHERE number = 2;
    UPDATE outgoing_statuschange SET number = id, hash = ''
"""


def rewrite_hashes():
    """Chain everything anew, as who knows how can."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(CHAINS[0])
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")


def test_who_rewrites_the_hashes_as_well_is_found_by_an_older_seal(world, tmp_path):
    seal = tmp_path / "seal"
    assert write_seal(seal) == 5
    world.work()
    assert found(seal=seal) == {}, "what was written since the seal is no flaw"
    tamper(REWRITTEN)
    rewrite_hashes()
    assert found() == {}, "without a seal nobody can tell"
    sealed = found(seal=seal)["sealed histories"]
    assert len(sealed) == 3, "the draft had one line"
    assert "line 3 of its history is not the one that was sealed, or is gone" in sealed


def test_an_email_and_a_team_that_are_gone_are_missed_by_a_seal(world, charlie, tmp_path):
    seal = tmp_path / "seal"
    write_seal(seal)
    tamper("DELETE FROM outgoing_statuschange WHERE email_id = %s", world.draft.pk)
    tamper("DELETE FROM outgoing_outgoingemail WHERE id = %s", world.draft.pk)
    tamper("DELETE FROM teams_auditentry WHERE team_id = %s", charlie.team_id)
    tamper("DELETE FROM teams_team WHERE id = %s", charlie.team_id)
    tamper("DELETE FROM teams_membership WHERE team_id = %s", charlie.team_id)
    tamper("DELETE FROM outgoing_recipient WHERE email_id = %s", world.draft.pk)
    flaws = found(seal=seal)
    assert [len(flaws[name]) for name in ("sealed histories", "sealed audit logs")] == [1, 1]


@pytest.mark.parametrize("text", ["no seal", "[1, 2]", '["email", "x", "y", 1, "z"]', "{}"])
def test_what_is_no_seal_is_refused(db, tmp_path, text):
    (tmp_path / "seal").write_text(text)
    with pytest.raises(Invalid, match="is no seal"):
        found(seal=tmp_path / "seal")
    with pytest.raises(Invalid, match="cannot be read"):
        found(seal=tmp_path / "nowhere")


def test_the_command_seals_only_what_is_sound_and_never_over_another_seal(world, tmp_path):
    seal = tmp_path / "seal"
    assert CliRunner().invoke(app, ["verify", "--seal", str(seal)]).exit_code == 0
    assert CliRunner().invoke(app, ["verify", "--against", str(seal)]).exit_code == 0
    again = CliRunner().invoke(app, ["verify", "--seal", str(seal)])
    assert isinstance(again.exception, Conflict)
    tamper("UPDATE outgoing_statuschange SET reason = 'Because' WHERE number = 2")
    other = tmp_path / "other"
    assert CliRunner().invoke(app, ["verify", "--seal", str(other)]).exit_code == 1
    assert not other.exists()
