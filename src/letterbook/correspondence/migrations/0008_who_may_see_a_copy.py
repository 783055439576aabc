"""What a copy says of who may see it, beside what its mailbox says."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("correspondence", "0007_hidden_copies"),
    ]

    operations = [
        migrations.AddField(
            model_name="mailboxmessage",
            name="shared_as",
            field=models.SmallIntegerField(
                blank=True,
                choices=[(0, "Private"), (1, "Who and when"), (2, "Subjects"), (3, "Full emails")],
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="mailboxmessage",
            name="shared_with",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.UUIDField(), blank=True, null=True, size=None
            ),
        ),
        migrations.AddConstraint(
            model_name="mailboxmessage",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("shared_as__isnull", True), ("shared_as__in", [0, 1, 2, 3]), _connector="OR"
                ),
                name="mailbox_message_shared_as_known",
            ),
        ),
        # The index that every question of access reads answers it alone.
        migrations.RemoveIndex(model_name="mailboxmessage", name="mailbox_message_copies"),
        migrations.AddIndex(
            model_name="mailboxmessage",
            index=models.Index(
                condition=models.Q(("message__isnull", False)),
                fields=["message", "mailbox"],
                include=("shared_as", "shared_with"),
                name="mailbox_message_copies",
            ),
        ),
    ]
