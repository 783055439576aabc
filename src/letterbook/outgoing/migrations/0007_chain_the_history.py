import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

# What a line says, as text that is the same on every server; its hash is made of that and of the hash before it.
_HASH = """
    CREATE FUNCTION outgoing_change_hash(before bytea, line outgoing_statuschange) RETURNS bytea
    LANGUAGE sql STABLE AS $$
        SELECT sha256(before || convert_to(json_build_array(
            line.email_id, line.team_id, line.number, line.old, line.new,
            to_char(line.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'),
            line.actor, line.actor_name, line.user_id, line.reason, line.attempt, line.error)::text, 'UTF8'))
    $$
"""

# The lines from before there were hashes, each email's in the order in which they were written.
CHAIN = """
    ALTER TABLE outgoing_statuschange DISABLE TRIGGER USER;
    DO $$
    DECLARE
        line outgoing_statuschange;
        email uuid;
        place integer;
        link bytea;
    BEGIN
        FOR line IN SELECT * FROM outgoing_statuschange ORDER BY email_id, id LOOP
            IF line.email_id IS DISTINCT FROM email THEN
                email = line.email_id;
                place = 0;
                link = '';
            END IF;
            place = place + 1;
            line.number = place;
            link = outgoing_change_hash(link, line);
            UPDATE outgoing_statuschange SET number = place, hash = link WHERE id = line.id;
        END LOOP;
    END $$;
    ALTER TABLE outgoing_statuschange ENABLE TRIGGER USER;
    UPDATE outgoing_outgoingemail email SET history_length = last.number, history_hash = last.hash
    FROM (SELECT DISTINCT ON (email_id) email_id, number, hash FROM outgoing_statuschange
          ORDER BY email_id, number DESC) last
    WHERE last.email_id = email.id;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("outgoing", "0006_templates_pictures_and_links"),
    ]

    operations = [
        migrations.AddField(
            model_name="outgoingemail",
            name="history_hash",
            field=models.BinaryField(default=b"", max_length=32),
        ),
        migrations.AddField(
            model_name="outgoingemail",
            name="history_length",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="statuschange",
            name="actor_name",
            field=models.CharField(blank=True, max_length=80),
        ),
        migrations.AddField(
            model_name="statuschange",
            name="hash",
            field=models.BinaryField(default=b"", max_length=32),
        ),
        migrations.AddField(
            model_name="statuschange",
            name="number",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.RunSQL(
            _HASH, "DROP FUNCTION outgoing_change_hash(bytea, outgoing_statuschange)"
        ),
        migrations.RunSQL(CHAIN, migrations.RunSQL.noop),
        migrations.RemoveIndex(
            model_name="statuschange",
            name="status_change_story",
        ),
        migrations.AddConstraint(
            model_name="statuschange",
            constraint=models.UniqueConstraint(
                fields=("email", "number"), name="status_change_number_once"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="outgoingemail",
            trigger=pgtrigger.compiler.Trigger(
                name="end_of_history",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (pg_trigger_depth() = 0 AND (OLD.history_length, OLD.history_hash) IS DISTINCT FROM (NEW.history_length, NEW.history_hash))",
                    func='RAISE EXCEPTION \'pgtrigger: Cannot update of "history_length", "history_hash" rows from % table\', TG_TABLE_NAME;',
                    hash="9dcd149692d31dd3b20e04054e86df775780b71d",
                    operation='UPDATE OF "history_length", "history_hash"',
                    pgid="pgtrigger_end_of_history_6e3e8",
                    table="outgoing_outgoingemail",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="statuschange",
            trigger=pgtrigger.compiler.Trigger(
                name="chained",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                    SELECT history_length + 1, history_hash INTO NEW.number, NEW.hash\n                        FROM outgoing_outgoingemail WHERE id = NEW.email_id FOR NO KEY UPDATE;\n                    NEW.hash = outgoing_change_hash(NEW.hash, NEW);\n                    UPDATE outgoing_outgoingemail\n                        SET history_length = NEW.number, history_hash = NEW.hash WHERE id = NEW.email_id;\n                    RETURN NEW;\n                ",
                    hash="41a5707b8f67ae4b917069706dee038c0fc844a8",
                    operation="INSERT",
                    pgid="pgtrigger_chained_003ab",
                    table="outgoing_statuschange",
                    when="BEFORE",
                ),
            ),
        ),
    ]
