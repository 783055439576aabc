"""Which rule left a message out."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("correspondence", "0005_one_index_per_purpose"),
        ("mailboxes", "0005_rules_about_what_is_left_out"),
    ]

    operations = [
        migrations.AddField(
            model_name="mailboxmessage",
            name="rule",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="mailboxes.storingrule",
            ),
        ),
        migrations.AddIndex(
            model_name="mailboxmessage",
            index=models.Index(
                condition=models.Q(("rule__isnull", False)),
                fields=["rule"],
                name="mailbox_message_rule",
            ),
        ),
    ]
