import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import letterbook.kit.ids


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0008_erased_held_and_not_the_same"),
        ("teams", "0005_entries_without_details"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ContactSplit",
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
                ("contact_id", models.UUIDField(db_index=True)),
                ("split_id", models.UUIDField(db_index=True)),
                ("split_name", models.CharField(max_length=320)),
                ("primary_id", models.BigIntegerField(null=True)),
                ("split_at", models.DateTimeField()),
                ("undone_at", models.DateTimeField(blank=True, null=True)),
                (
                    "split_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
        ),
    ]
