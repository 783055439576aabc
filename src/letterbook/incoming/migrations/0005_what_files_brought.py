"""The ledger's numbers say how many messages came from files: of those the provider counts none."""

from django.db import migrations, models

_DAY = "(provider_at AT TIME ZONE 'UTC')::date"
_BEFORE = "mailbox_id, day, state, reason, is_removed_at_source"
_AFTER = f"{_BEFORE}, is_of_a_file"
_OF_A_FILE = "starts_with(provider_id, 'file:')"
# ruff: noqa: S608 - put together from constants


def _fates(by: str) -> str:
    named = {"day": f"{_DAY} AS day", "is_of_a_file": f"{_OF_A_FILE} AS is_of_a_file"}
    return ", ".join(named.get(one, one) for one in by.split(", "))


def _count(changed: str, by: str) -> str:
    return f"""
        INSERT INTO incoming_ledgercount ({by}, number)
        SELECT {by}, sum(number) FROM ({changed}) changed
        GROUP BY GROUPING SETS (({by.replace("day, ", "")}), ({by}))
        HAVING sum(number) <> 0 AND (day IS NOT NULL OR grouping(day) = 1);
    """


def _functions(by: str) -> str:
    fates = _fates(by)
    added, taken = (
        f"SELECT {fates}, 1 AS number FROM added",
        f"SELECT {fates}, -1 AS number FROM taken",
    )
    changed = {"insert": added, "delete": taken, "update": f"{added} UNION ALL {taken}"}
    return "".join(
        f"""
        CREATE OR REPLACE FUNCTION ledger_count_{operation}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            {_count(rows, by)}
            RETURN NULL;
        END $$;
        """
        for operation, rows in changed.items()
    )


# What was counted already moves from the one number to the other.
_MOVE = _count(
    f"""
        SELECT {_fates(_BEFORE)}, moved.is_of_a_file, moved.number
        FROM correspondence_mailboxmessage, (VALUES (true, 1), (false, -1)) AS moved (is_of_a_file, number)
        WHERE {_OF_A_FILE}
    """,
    _AFTER,
)


class Migration(migrations.Migration):
    dependencies = [("incoming", "0004_what_became_of_each_file")]

    operations = [
        migrations.RunSQL(
            # Nobody changes the ledger between the new triggers and the move.
            "LOCK TABLE correspondence_mailboxmessage IN SHARE ROW EXCLUSIVE MODE",
            migrations.RunSQL.noop,
        ),
        migrations.AddField(
            "ledgercount", "is_of_a_file", models.BooleanField(db_default=False, default=False)
        ),
        migrations.RunSQL(_functions(_AFTER) + _MOVE, _functions(_BEFORE)),
    ]
