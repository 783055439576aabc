import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

# What an entry says, as text that is the same on every server; its hash is made of that and of the hash before it.
_HASH = """
    CREATE FUNCTION teams_audit_hash(before bytea, entry teams_auditentry) RETURNS bytea
    LANGUAGE sql STABLE AS $$
        SELECT sha256(before || convert_to(json_build_array(
            entry.team_id, entry.number, entry.user_id,
            to_char(entry.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'),
            entry.what, entry.subject_type, entry.subject_id, entry.details)::text, 'UTF8'))
    $$
"""

# The entries from before there were hashes, each team's in the order in which they were written.
CHAIN = """
    DO $$
    DECLARE
        entry teams_auditentry;
        team uuid;
        place integer;
        link bytea;
    BEGIN
        FOR entry IN SELECT * FROM teams_auditentry ORDER BY team_id, id LOOP
            IF entry.team_id IS DISTINCT FROM team THEN
                team = entry.team_id;
                place = 0;
                link = '';
            END IF;
            place = place + 1;
            entry.number = place;
            link = teams_audit_hash(link, entry);
            UPDATE teams_auditentry SET number = place, hash = link WHERE id = entry.id;
        END LOOP;
    END $$;
    UPDATE teams_team team SET audit_length = last.number, audit_hash = last.hash
    FROM (SELECT DISTINCT ON (team_id) team_id, number, hash FROM teams_auditentry
          ORDER BY team_id, number DESC) last
    WHERE last.team_id = team.id;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("teams", "0001_initial"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="auditentry",
            name="append_only",
        ),
        migrations.AddField(
            model_name="auditentry",
            name="hash",
            field=models.BinaryField(default=b"", max_length=32),
        ),
        migrations.AddField(
            model_name="auditentry",
            name="number",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="team",
            name="audit_hash",
            field=models.BinaryField(default=b"", max_length=32),
        ),
        migrations.AddField(
            model_name="team",
            name="audit_length",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.RunSQL(_HASH, "DROP FUNCTION teams_audit_hash(bytea, teams_auditentry)"),
        migrations.RunSQL(CHAIN, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="auditentry",
            constraint=models.UniqueConstraint(
                fields=("team", "number"), name="audit_entry_number_once"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="auditentry",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="f8a1e0075788b95e45e865b96eb8af8a099ef190",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_9883a",
                    table="teams_auditentry",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="auditentry",
            trigger=pgtrigger.compiler.Trigger(
                name="chained",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                    SELECT audit_length + 1, audit_hash INTO NEW.number, NEW.hash\n                        FROM teams_team WHERE id = NEW.team_id FOR NO KEY UPDATE;\n                    NEW.hash = teams_audit_hash(NEW.hash, NEW);\n                    UPDATE teams_team\n                        SET audit_length = NEW.number, audit_hash = NEW.hash WHERE id = NEW.team_id;\n                    RETURN NEW;\n                ",
                    hash="4f383962d76f201ae784ed4012530e96c8dd93af",
                    operation="INSERT",
                    pgid="pgtrigger_chained_cb95e",
                    table="teams_auditentry",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="team",
            trigger=pgtrigger.compiler.Trigger(
                name="end_of_audit",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (pg_trigger_depth() = 0 AND (OLD.audit_length, OLD.audit_hash) IS DISTINCT FROM (NEW.audit_length, NEW.audit_hash))",
                    func='RAISE EXCEPTION \'pgtrigger: Cannot update of "audit_length", "audit_hash" rows from % table\', TG_TABLE_NAME;',
                    hash="6ff685f27a5ebc01d4fea00543acffea9d6775e6",
                    operation='UPDATE OF "audit_length", "audit_hash"',
                    pgid="pgtrigger_end_of_audit_21033",
                    table="teams_team",
                    when="BEFORE",
                ),
            ),
        ),
    ]
