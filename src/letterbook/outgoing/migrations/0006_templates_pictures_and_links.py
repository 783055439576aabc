from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import letterbook.kit.ids


class Migration(migrations.Migration):
    dependencies = [
        ("outgoing", "0005_queue_of_a_mailbox"),
        ("teams", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="EmailTemplate",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=letterbook.kit.ids.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                ("subject", models.TextField(blank=True)),
                ("html", models.TextField(blank=True)),
                ("asks_unsubscribe", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="teams.membership",
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
                        fields=("team", "owner", "name"),
                        name="email_template_name_once",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("name", ""), _negated=True),
                        name="email_template_has_a_name",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="outgoingemail",
            name="asks_unsubscribe",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="outgoingattachment",
            name="content_id",
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AddConstraint(
            model_name="outgoingattachment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("content_id", ""), _negated=True),
                fields=("email", "content_id"),
                name="outgoing_picture_once_per_email",
            ),
        ),
        migrations.RemoveConstraint(model_name="regarding", name="regarding_type_known"),
        migrations.AlterField(
            model_name="regarding",
            name="subject_type",
            field=models.CharField(max_length=40),
        ),
        migrations.AddField(
            model_name="regarding",
            name="url",
            field=models.CharField(blank=True, max_length=2000),
        ),
        migrations.AddConstraint(
            model_name="regarding",
            constraint=models.CheckConstraint(
                condition=models.Q(("subject_type__regex", "^[a-z][a-z0-9_.-]*$")),
                name="regarding_type_is_a_word",
            ),
        ),
        migrations.AddConstraint(
            model_name="regarding",
            constraint=models.CheckConstraint(
                condition=models.Q(("url", ""), ("url__regex", "^https?://"), _connector="OR"),
                name="regarding_url_is_of_the_web",
            ),
        ),
    ]
