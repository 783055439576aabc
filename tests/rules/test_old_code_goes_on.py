"""F29: while hosts are being updated one by one, code of yesterday writes into the tables of today."""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps
from django.db.migrations import AddField, CreateModel, Migration
from django.db.migrations.loader import MigrationLoader
from django.db.models import NOT_PROVIDED

# The last migrations of the days when nobody had an installation to update.
FIRST_DAYS = {
    "api": 2,
    "contacts": 10,
    "correspondence": 14,
    "incoming": 4,
    "mailboxes": 10,
    "outgoing": 14,
    "pictures": 1,
    "teams": 5,
    "timeline": 7,
}


def migrations() -> Iterator[Migration]:
    """Ours, of the days since."""
    for (app, name), migration in MigrationLoader(None).disk_migrations.items():
        is_ours = apps.get_app_config(app).name.startswith("letterbook.")
        if is_ours and int(name[:4]) > FIRST_DAYS.get(app, 0):
            yield migration


def columns_yesterday_cannot_write(migration: Migration) -> Iterator[str]:
    new = {one.name.lower() for one in migration.operations if isinstance(one, CreateModel)}
    for one in migration.operations:
        if isinstance(one, AddField) and one.model_name.lower() not in new:
            field = one.field
            if not (field.null or field.many_to_many or field.db_default is not NOT_PROVIDED):
                yield f"{migration.app_label}.{migration.name}: {one.model_name}.{one.name}"


def test_a_column_that_is_added_may_be_left_out():
    """Null or `db_default`: an INSERT that does not know the column succeeds."""
    wrong = [
        column for migration in migrations() for column in columns_yesterday_cannot_write(migration)
    ]
    assert not wrong, "give it null=True or db_default=…"


def test_the_rule_finds_one_that_may_not():
    loader = MigrationLoader(None)
    early = loader.disk_migrations["mailboxes", "0003_whose_mail_was_asked_for"]
    assert list(columns_yesterday_cannot_write(early)) == [
        "mailboxes.0003_whose_mail_was_asked_for: mailbox.is_rest_left_out",
        "mailboxes.0003_whose_mail_was_asked_for: mailbox.policy_asked",
    ]
