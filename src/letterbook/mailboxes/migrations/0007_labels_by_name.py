"""The labels of each mailbox by name, and what the label of a rule was called."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("mailboxes", "0006_hiding_what_was_removed"),
        ("teams", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="storingrule",
            name="label_name",
            field=models.CharField(blank=True, default="", max_length=320),
        ),
        migrations.CreateModel(
            name="MailboxLabel",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("label_id", models.CharField(max_length=120)),
                ("name", models.CharField(max_length=320)),
                (
                    "mailbox",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="labels",
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
                    models.UniqueConstraint(
                        fields=("mailbox", "label_id"), name="label_once_per_mailbox"
                    )
                ],
            },
        ),
    ]
