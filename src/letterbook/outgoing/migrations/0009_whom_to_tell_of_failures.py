"""Who is told of failures by email, and when they were told last."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("outgoing", "0008_bytes_let_go"),
        ("teams", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="FailureNotice",
            fields=[
                (
                    "member",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="failure_notice",
                        serialize=False,
                        to="teams.membership",
                    ),
                ),
                ("is_wanted", models.BooleanField(default=True)),
                ("told_at", models.DateTimeField(blank=True, null=True)),
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
