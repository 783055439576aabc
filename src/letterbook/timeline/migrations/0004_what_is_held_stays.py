import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0008_erased_held_and_not_the_same"),
        ("timeline", "0003_what_activities_are_and_were"),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name="activity",
            trigger=pgtrigger.compiler.Trigger(
                name="held_stays",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                    IF EXISTS (SELECT FROM contacts_contact c\n                               WHERE c.id = OLD.contact_id AND c.held_at IS NOT NULL) THEN\n                        RAISE EXCEPTION 'the contact is under legal hold' USING ERRCODE = '23514';\n                    END IF;\n                    RETURN OLD;\n                ",
                    hash="8df73a2eb1fd57119bd35692979483064a69686d",
                    operation="DELETE",
                    pgid="pgtrigger_held_stays_a48b7",
                    table="timeline_activity",
                    when="BEFORE",
                ),
            ),
        ),
    ]
