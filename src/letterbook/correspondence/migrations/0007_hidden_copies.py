"""Copies that are hidden because they were deleted at their provider."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("correspondence", "0006_which_rule_left_it_out"),
    ]

    operations = [
        migrations.AddField(
            model_name="mailboxmessage",
            name="hidden_message",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="hidden_copies",
                to="correspondence.message",
            ),
        ),
        migrations.AddIndex(
            model_name="mailboxmessage",
            index=models.Index(
                condition=models.Q(("hidden_message__isnull", False)),
                fields=["hidden_message"],
                name="mailbox_message_hidden",
            ),
        ),
    ]
