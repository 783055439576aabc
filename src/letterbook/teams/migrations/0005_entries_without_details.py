import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("teams", "0004_default_sharing"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="auditentry",
            name="append_only",
        ),
        migrations.AddField(
            model_name="auditentry",
            name="erased_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="auditentry",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                    IF TG_OP = 'DELETE' OR NEW.erased_at IS NULL OR NEW.details <> '{}'::jsonb\n                        OR to_jsonb(OLD) - '{erased_at,details}'::text[]\n                            IS DISTINCT FROM to_jsonb(NEW) - '{erased_at,details}'::text[] THEN\n                        RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;\n                    END IF;\n                    RETURN NEW;\n                ",
                    hash="39d4d3d57072ba461c75d1b9e976210fc69a3cc1",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_9883a",
                    table="teams_auditentry",
                    when="BEFORE",
                ),
            ),
        ),
    ]
