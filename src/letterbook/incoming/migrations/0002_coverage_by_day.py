"""The ledger's numbers by day, kept by triggers, and what the provider had of each day."""

import django.db.models.deletion
import letterbook.kit.ids
from django.db import migrations, models

_FOLLOW_MAILBOX = """
    ALTER TABLE incoming_ledgercount ADD CONSTRAINT ledger_count_goes_with_its_mailbox
        FOREIGN KEY (mailbox_id) REFERENCES mailboxes_mailbox (id) ON DELETE CASCADE
"""
_DAY = "(provider_at AT TIME ZONE 'UTC')::date"
# ruff: noqa: S608 - put together from constants
_COLUMNS = f"mailbox_id, {_DAY} AS day, state, reason, is_removed_at_source"
_COUNT = """
    INSERT INTO incoming_ledgercount (mailbox_id, day, state, reason, is_removed_at_source, number)
    SELECT mailbox_id, day, state, reason, is_removed_at_source, sum(number)
    FROM ({changed}) changed
    GROUP BY GROUPING SETS (
        (mailbox_id, state, reason, is_removed_at_source),
        (mailbox_id, day, state, reason, is_removed_at_source))
    HAVING sum(number) <> 0 AND (day IS NOT NULL OR grouping(day) = 1)
"""
_CHANGED = {
    "INSERT": f"SELECT {_COLUMNS}, 1 AS number FROM added",
    "DELETE": f"SELECT {_COLUMNS}, -1 AS number FROM taken",
    "UPDATE": f"SELECT {_COLUMNS}, 1 AS number FROM added UNION ALL SELECT {_COLUMNS}, -1 FROM taken",
}
_TABLES = {
    "INSERT": "NEW TABLE AS added",
    "DELETE": "OLD TABLE AS taken",
    "UPDATE": "NEW TABLE AS added OLD TABLE AS taken",
}


def _trigger(operation: str) -> str:
    name = f"ledger_count_{operation.lower()}"
    count = _COUNT.format(changed=_CHANGED[operation])
    return f"""
        CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            {count};
            RETURN NULL;
        END $$;
        CREATE TRIGGER {name} AFTER {operation} ON correspondence_mailboxmessage
            REFERENCING {_TABLES[operation]} FOR EACH STATEMENT EXECUTE FUNCTION {name}()
    """


def _no_trigger(operation: str) -> str:
    name = f"ledger_count_{operation.lower()}"
    return f"DROP TRIGGER {name} ON correspondence_mailboxmessage; DROP FUNCTION {name}()"


_COUNT_WHAT_IS_THERE = _COUNT.format(
    changed=f"SELECT {_COLUMNS}, 1 AS number FROM correspondence_mailboxmessage"
)


class Migration(migrations.Migration):
    dependencies = [
        ("correspondence", "0003_move_bcc_to_the_copies"),
        ("incoming", "0001_initial"),
        ("mailboxes", "0001_initial"),
        ("teams", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="CheckedDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("provider_count", models.PositiveIntegerField()),
                ("missing", models.PositiveIntegerField(default=0)),
                ("checked_at", models.DateTimeField()),
                (
                    "mailbox",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="checked_days",
                        to="mailboxes.mailbox",
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="teams.team",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("mailbox", "day"), name="checked_day_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="CoverageCheck",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=letterbook.kit.ids.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("reached", models.DateField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("listed", models.PositiveIntegerField(default=0)),
                ("missing", models.PositiveIntegerField(default=0)),
                ("removed", models.PositiveIntegerField(default=0)),
                ("error", models.TextField(blank=True)),
                (
                    "mailbox",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="checks",
                        to="mailboxes.mailbox",
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="teams.team",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["mailbox", "-started_at"], name="check_by_mailbox")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("mailbox",),
                        name="check_one_at_a_time",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="LedgerCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField(null=True)),
                ("state", models.CharField(max_length=12)),
                ("reason", models.CharField(blank=True, max_length=40)),
                ("is_removed_at_source", models.BooleanField()),
                ("number", models.IntegerField()),
                (
                    "mailbox",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="mailboxes.mailbox",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("day", None)),
                        fields=["mailbox"],
                        name="ledger_count_totals",
                    ),
                    models.Index(
                        condition=models.Q(("day__isnull", False)),
                        fields=["mailbox", "day"],
                        name="ledger_count_days",
                    ),
                ],
            },
        ),
        migrations.RunSQL(_FOLLOW_MAILBOX, migrations.RunSQL.noop),
        migrations.RunSQL(_COUNT_WHAT_IS_THERE, migrations.RunSQL.noop),
        *(
            migrations.RunSQL(_trigger(operation), _no_trigger(operation))
            for operation in ("INSERT", "DELETE", "UPDATE")
        ),
    ]
