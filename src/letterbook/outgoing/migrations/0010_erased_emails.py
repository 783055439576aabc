import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("outgoing", "0009_whom_to_tell_of_failures"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="failure",
            name="facts_stay",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="statuschange",
            name="append_only",
        ),
        migrations.AddField(
            model_name="outgoingemail",
            name="erased_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="statuschange",
            name="erased_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="failure",
            trigger=pgtrigger.compiler.Trigger(
                name="facts_stay",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."email_id" IS DISTINCT FROM (NEW."email_id") OR OLD."team_id" IS DISTINCT FROM (NEW."team_id") OR OLD."mailbox_id" IS DISTINCT FROM (NEW."mailbox_id") OR OLD."author_id" IS DISTINCT FROM (NEW."author_id") OR OLD."error_class" IS DISTINCT FROM (NEW."error_class") OR OLD."failed_at" IS DISTINCT FROM (NEW."failed_at"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="80332ea9fdc298fdb7b97bf2d74998df3a637f84",
                    operation="UPDATE",
                    pgid="pgtrigger_facts_stay_5ee86",
                    table="outgoing_failure",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="failure",
            trigger=pgtrigger.compiler.Trigger(
                name="error_stays",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.error IS DISTINCT FROM NEW.error AND NEW.error <> 'Erased with the contact.')",
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update of \"error\" rows from % table', TG_TABLE_NAME;",
                    hash="eab3f87bde8897a1a593468297481cba2a06348c",
                    operation='UPDATE OF "error"',
                    pgid="pgtrigger_error_stays_088e6",
                    table="outgoing_failure",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="statuschange",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                    IF TG_OP = 'DELETE' OR NEW.erased_at IS NULL OR NEW.reason <> '' OR NEW.error <> ''\n                        OR to_jsonb(OLD) - '{erased_at,reason,error}'::text[]\n                            IS DISTINCT FROM to_jsonb(NEW) - '{erased_at,reason,error}'::text[] THEN\n                        RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;\n                    END IF;\n                    RETURN NEW;\n                ",
                    hash="f8039f73ced17a64df901cce127b37a494e1453c",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_02cf7",
                    table="outgoing_statuschange",
                    when="BEFORE",
                ),
            ),
        ),
    ]
