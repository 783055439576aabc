from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("mailboxes", "0001_initial"),
        ("outgoing", "0004_failures_that_there_are"),
        ("teams", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="outgoingemail",
            name="order_key",
            field=models.CharField(blank=True, max_length=40),
        ),
        migrations.AddIndex(
            model_name="outgoingemail",
            index=models.Index(
                condition=models.Q(("status", "queued")),
                fields=["mailbox", "due_at", "id"],
                name="outgoing_queue_of_mailbox",
            ),
        ),
        migrations.AddIndex(
            model_name="outgoingemail",
            index=models.Index(
                condition=models.Q(("status", "queued")),
                fields=["mailbox", "order_key", "queued_at", "id"],
                name="outgoing_queue_in_order",
            ),
        ),
        migrations.AddIndex(
            model_name="outgoingemail",
            index=models.Index(
                condition=models.Q(("status", "sent")),
                fields=["mailbox", "sent_at"],
                name="outgoing_sent_of_mailbox",
            ),
        ),
        migrations.CreateModel(
            name="Pace",
            fields=[
                (
                    "mailbox",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="sending_pace",
                        serialize=False,
                        to="mailboxes.mailbox",
                    ),
                ),
                ("a_minute", models.FloatField()),
                ("at_once", models.PositiveSmallIntegerField()),
                ("slowed_at", models.DateTimeField()),
                (
                    "team",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="teams.team",
                    ),
                ),
            ],
        ),
    ]
