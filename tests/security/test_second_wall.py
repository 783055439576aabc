"""Behind `visible_to` PostgreSQL guards the rows itself: questions that forget to ask whose they are find no more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.apps import apps
from django.db import DataError, connection, connections, models, transaction
from django.db.models import JSONField, Value
from django.test import Client

from browsing import as_member
from factories import a_contact, a_mailbox, a_message
from letterbook.correspondence.access import reach_of
from letterbook.correspondence.models import Message, MessageQuerySet
from letterbook.kit.ids import new_id
from letterbook.kit.refusals import NotAllowed
from letterbook.mailboxes.models import Mailbox, Sharing
from letterbook.project.row_policies import WALLS
from letterbook.project.wall_building import build_wall, is_wall_standing
from letterbook.search.finding import search
from letterbook.teams.models import Membership, Team, User
from letterbook.teams.second_wall import ROLE, on_the_teams_behalf, seen_by
from letterbook.teams.tokens import create_token

OURS = {one.__name__: one for one in apps.get_models() if one.__module__.startswith("letterbook.")}
# Closed to everybody who looks: only storing and threading read them.
CLOSED = {"ThreadKey", "UnplacedReport"}
# A person's own, whatever is shared with whom.
HERS = {
    "DraftVersion", "PrivateEmail", "PrivateMessage",
    "AccessRequest", "Admission", "ApiToken", "AuditEntry", "CheckedDay", "CoverageCheck", "EmailTemplate",
    "FailureNotice", "HidingLabels", "IdempotencyKey", "Invitation", "MailboxLabel", "Opening", "QuarantinedSource",
    "RetrievalRun", "SharingChoice", "StoringRule", "WelcomeSender",
}  # fmt: skip
# What a team-mate knows of from the level of metadata on.
MAIL = {
    "Activity", "ActivityChange", "DeliveryAttempt", "Failure", "LaterFact", "MailboxMessage", "Message",
    "OutgoingEmail", "Recipient", "Regarding", "StatusChange", "Thread",
}  # fmt: skip
# What tells an email's content.
CONTENT = {"FrozenEmail", "MessageSource", "OutgoingAttachment"}


@pytest.fixture
def one_of_everything(alice) -> dict[str, Any]:
    """A row in each table, of alice's in every column that names a person, a mailbox or an email."""
    made = {Team: alice.team_id, User: alice.user_id, Membership: alice.pk}
    keys = {model: made.get(model) or _new_key(model) for model in OURS.values()}
    with connection.cursor() as cursor:
        # What happened before is settled; from here on nothing is checked, nothing follows.
        cursor.execute(
            "SET CONSTRAINTS ALL IMMEDIATE; SET LOCAL session_replication_role = replica"
        )
        for model in OURS.values():
            if model not in made:
                _insert(cursor, model, keys)
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
    return {model.__name__: key for model, key in keys.items()}


def _new_key(model: type[models.Model]) -> Any:
    return new_id() if isinstance(model._meta.pk, models.UUIDField) else 1_000_000


def _insert(cursor: Any, model: type[models.Model], keys: dict[type[models.Model], Any]) -> None:
    cursor.execute(
        "SELECT conname FROM pg_constraint WHERE contype = 'c' AND conrelid = %s::regclass",
        [model._meta.db_table],
    )
    for (name,) in cursor.fetchall():
        cursor.execute(f'ALTER TABLE {model._meta.db_table} DROP CONSTRAINT "{name}"')
    written = (field for field in model._meta.local_fields if not field.generated)
    values = {field.column: _value(field, keys) for field in written}
    columns = ", ".join(f'"{column}"' for column in values)
    cursor.execute(
        f"INSERT INTO {model._meta.db_table} ({columns}) VALUES ({', '.join(['%s'] * len(values))})",
        list(values.values()),
    )


def _value(field: models.Field, keys: dict[type[models.Model], Any]) -> Any:
    if isinstance(field, models.ForeignKey):
        target = keys[field.related_model]
        # A pk that is a foreign key itself is the key of what it belongs to.
        while target == 1_000_000 and isinstance(field.target_field, models.ForeignKey):
            field = field.target_field
            target = keys[field.related_model]
        return target
    if field.primary_key:
        return keys[field.model]
    if field.null:
        return None
    return field.get_db_prep_save(_something(field), connection)


def _something(field: models.Field) -> Any:
    kinds: list[tuple[type[models.Field], Any]] = [
        (models.DateTimeField, "2026-11-17T09:30:00Z"), (models.DateField, "2026-11-17"), (models.UUIDField, new_id()),
        (models.BinaryField, new_id().bytes), (models.BooleanField, False), (models.JSONField, {}),
        (models.IntegerField, 0), (models.FloatField, 1.0), (models.TextField, "x"), (models.CharField, "x"),
    ]  # fmt: skip
    return next((value for kind, value in kinds if isinstance(field, kind)), [])


def seen(member: Membership) -> set[str]:
    """Of which models this member finds rows when no question says whose they are."""
    with seen_by(member):
        return {
            name for name, model in OURS.items() if name not in CLOSED and model.objects.count()
        }


def test_every_table_of_ours_is_guarded():
    """S76: a new table says in project/row_policies.py who sees its rows; until then it is closed."""
    tables = {model._meta.db_table for name, model in OURS.items() if name not in CLOSED}
    assert tables == WALLS.keys()


@pytest.mark.parametrize("name", sorted(CLOSED))
def test_what_nobody_looks_at_is_closed(name, alice):
    with seen_by(alice), pytest.raises(Exception, match="permission denied"):
        OURS[name].objects.count()


def test_a_stranger_finds_nothing_not_even_a_count(one_of_everything, charlie):
    """S76, D1."""
    with seen_by(charlie):
        found = {name: model.objects.count() for name, model in OURS.items() if name not in CLOSED}
    # Their own team, themselves, and that they founded it.
    own = {"Team": 1, "User": 1, "Membership": 1, "AuditEntry": 1}
    assert {name: count for name, count in found.items() if count} == own


def test_whose_it_is_finds_all_of_it(one_of_everything, alice):
    assert OURS.keys() - seen(alice) == CLOSED


@pytest.mark.parametrize("sharing", list(Sharing))
def test_a_team_mate_finds_what_is_shared(one_of_everything, bob, sharing):
    """S76, P8: of mail its existence from metadata on, its source with its text; of what is personal nothing."""
    Mailbox.objects.update(sharing=sharing)
    hidden = set() if sharing == Sharing.FULL else CONTENT
    if sharing == Sharing.PRIVATE:
        hidden = hidden | MAIL
    assert OURS.keys() - seen(bob) == CLOSED | HERS | hidden


@pytest.mark.parametrize(
    ("sharing", "copy", "sees", "reads"),
    [
        (Sharing.FULL, {"shared_as": Sharing.PRIVATE}, False, False),
        (Sharing.FULL, {"shared_as": Sharing.METADATA}, True, False),
        (Sharing.PRIVATE, {"shared_as": Sharing.METADATA}, True, False),
        (Sharing.PRIVATE, {"shared_as": Sharing.FULL}, True, True),
        (Sharing.PRIVATE, {"shared_as": Sharing.PRIVATE, "shared_with": "bob"}, True, True),
    ],
)  # fmt: skip
def test_what_a_copy_says_of_itself_counts_more_than_its_mailbox(
    one_of_everything, bob, charlie, sharing, copy, sees, reads
):
    """S76: and it says nothing to another team."""
    Mailbox.objects.update(sharing=sharing)
    if "shared_with" in copy:
        copy = copy | {"shared_with": [bob.user_id, charlie.user_id]}
    OURS["MailboxMessage"].objects.update(**copy)
    found = seen(bob)
    assert ("Message" in found, "MessageSource" in found) == (sees, reads)
    assert "Message" not in seen(charlie)


def test_who_was_let_in_to_a_mailbox_reads_it_until_that_ends(one_of_everything, bob, at):
    Mailbox.objects.update(sharing=Sharing.PRIVATE)
    admissions = OURS["Admission"].objects
    admissions.update(user=bob.user, contact=None, thread=None)
    assert {"Message", "MessageSource", "Admission"} <= seen(bob)
    admissions.update(ended_at=at)
    assert not {"Message", "MessageSource"} & seen(bob)


def test_a_draft_is_not_there_for_a_team_mate(one_of_everything, bob):
    Mailbox.objects.update(sharing=Sharing.FULL)
    with _unchecked():
        OURS["OutgoingEmail"].objects.update(status="draft")
    assert not {"OutgoingEmail", "Recipient", "OutgoingAttachment", "StatusChange"} & seen(bob)


@contextmanager
def _unchecked() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")


def test_the_wall_and_the_gate_agree(one_of_everything, alice, bob, charlie):
    """Whatever `visible_to` shows, PostgreSQL shows too: the wall never hides what is somebody's to see."""
    for sharing in Sharing:
        Mailbox.objects.update(sharing=sharing)
        for member in (alice, bob, charlie):
            found = seen(member)
            for name, model in OURS.items():
                if (
                    hasattr(model.objects, "visible_to")
                    and model.objects.visible_to(member).exists()
                ):
                    assert name in found, (sharing, member, name)


def test_a_membership_that_ended_sees_nothing(one_of_everything, bob):
    Mailbox.objects.update(sharing=Sharing.FULL)
    left = Membership(pk=bob.pk)
    bob.delete()
    assert seen(left) == set()


def test_without_a_membership_the_role_sees_nothing(one_of_everything):
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {ROLE}")
        assert not any(model.objects.exists() for name, model in OURS.items() if name not in CLOSED)
        cursor.execute("RESET ROLE")


@pytest.fixture
def careless(monkeypatch) -> None:
    """Every question for messages forgets to ask whose they are."""

    def forgets(rows: MessageQuerySet, _member: Membership, **_: Any) -> MessageQuerySet:
        return rows.annotate(
            viewer_access=Value(int(Sharing.FULL)), viewer_bcc=Value(None, JSONField())
        )

    monkeypatch.setattr(MessageQuerySet, "visible_to", forgets)
    monkeypatch.setattr(MessageQuerySet, "readable_by", forgets)


def test_a_page_that_forgot_to_ask_leaks_nothing(careless, alice, bob, charlie, at):
    """S76: on a page, as a file, by the API."""
    message = a_message(
        a_mailbox(alice, sharing=Sharing.PRIVATE), a_contact(alice), subject="Quinces", raw=b"Subject: Quinces\r\n\r\n"
    )  # fmt: skip
    assert Message.objects.visible_to(charlie).exists(), "the gate must be broken for this test"
    for member in (bob, charlie):
        browser = as_member(member)
        token = create_token(member, name="A program", at=at)
        for path in (f"/messages/{message.pk}", f"/messages/{message.pk}/source"):
            assert browser.get(path).status_code == 404
        asked = Client().get(
            f"/api/v1/messages/{message.pk}", headers={"Authorization": f"Bearer {token}"}
        )
        assert asked.status_code == 404
    assert b"Quinces" in as_member(alice).get(f"/messages/{message.pk}", follow=True).content


def test_a_search_that_forgot_to_ask_finds_ids_and_shows_nothing_of_them(
    careless, alice, bob, charlie
):
    """S84: ids are found on the team's behalf, and read behind the wall: no text, no person, no next page."""
    box = a_mailbox(alice, sharing=Sharing.PRIVATE)
    for _ in range(3):
        a_message(box, a_contact(alice, "Zoltan"), subject="Quinces", text="They ripen in October.")
    for member in (bob, charlie):
        with seen_by(member):
            found = search(member, "quinces", limit=2)
        assert (found.hits, found.people, found.next_cursor) == ((), (), "")
    with seen_by(alice):
        assert len(search(alice, "quinces", limit=2).hits) == 2


def test_eyes_are_given_back_whatever_happens(alice):
    def stumble() -> None:
        with seen_by(alice):
            assert who() == ROLE
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        stumble()
    assert who() != ROLE


def test_what_fails_on_the_teams_behalf_leaves_the_persons_eyes(alice):
    with seen_by(alice):
        with pytest.raises(DataError), transaction.atomic(), on_the_teams_behalf():
            connection.cursor().execute("SELECT 1 / 0")
        assert who() == ROLE
        with on_the_teams_behalf(), transaction.atomic():
            assert who() != ROLE
        assert who() == ROLE


def test_a_connection_that_is_opened_meanwhile_has_the_same_eyes_and_none_afterwards(alice):
    """A dropped connection must not open a hole, nor a pooled one carry somebody's eyes to the next request."""
    fresh = connections.create_connection("default")
    with seen_by(alice):
        assert who(fresh) == ROLE
        fresh.close()
    taken = [connections.create_connection("default") for _ in range(3)]
    assert ROLE not in {who(one) for one in taken}
    for one in taken:
        one.close()


def who(wrapper: Any = connection) -> str:
    with wrapper.cursor() as cursor:
        cursor.execute("SELECT current_user")
        return str(cursor.fetchone()[0])


def test_reach_is_the_same_behind_the_wall(one_of_everything, alice, bob):
    for member in (alice, bob):
        before = reach_of(member)
        with seen_by(member):
            assert reach_of(member) == before


def test_a_wall_that_was_breached_is_seen_and_built_again(alice, charlie, make_contact):
    make_contact("Anna Lind", "anna@lindwerk.example")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("COMMENT ON FUNCTION letterbook_team() IS NULL")
        cursor.execute("ALTER TABLE contacts_contact DISABLE ROW LEVEL SECURITY")
    assert not is_wall_standing()
    build_wall()
    assert is_wall_standing()
    with seen_by(charlie):
        assert not OURS["Contact"].objects.exists()


def test_who_may_not_create_roles_is_told_what_an_administrator_must_run(db):
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE plain_owner; GRANT SELECT ON django_migrations TO plain_owner")
        cursor.execute("SET LOCAL ROLE plain_owner")
        with pytest.raises(NotAllowed) as refused, transaction.atomic():
            build_wall()
        cursor.execute("RESET ROLE")
    told = str(refused.value) + refused.value.way_out
    assert f"CREATE ROLE {ROLE} NOLOGIN" in told
    assert f"GRANT {ROLE} TO plain_owner;" in told
