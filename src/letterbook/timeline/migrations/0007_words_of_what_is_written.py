"""Search finds what people wrote into the histories, also what was there already."""

from __future__ import annotations

import django.contrib.postgres.indexes
import django.contrib.postgres.search
from django.apps.registry import Apps
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# A pure function: what it says of a text does not depend on the tables.
from letterbook.timeline.words import words_of


def index_what_is_written(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Write the words of what people wrote, also of what was deleted: it may be put back."""
    lines = apps.get_model("timeline", "Activity").objects.filter(message=None)
    for line in lines.only("text").iterator(chunk_size=1000):
        lines.filter(pk=line.pk).update(words=words_of(line.text))


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0008_erased_held_and_not_the_same"),
        ("correspondence", "0012_what_an_email_says_stays"),
        ("teams", "0005_entries_without_details"),
        ("timeline", "0006_tasks_on_today"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="activity",
            name="words",
            field=django.contrib.postgres.search.SearchVectorField(null=True),
        ),
        migrations.RunPython(index_what_is_written, migrations.RunPython.noop, elidable=True),
        migrations.AddConstraint(
            model_name="activity",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("message", None), ("words__isnull", False)),
                    models.Q(("message__isnull", False), ("words", None)),
                    _connector="OR",
                ),
                name="activity_written_is_found_by_its_words",
            ),
        ),
        migrations.AddIndex(
            model_name="activity",
            index=django.contrib.postgres.indexes.GinIndex(
                models.F("words"),
                condition=models.Q(("message", None)),
                name="activity_by_words",
            ),
        ),
        migrations.AddIndex(
            model_name="activity",
            index=models.Index(
                fields=["team", "-occurred_at", "-id"],
                condition=models.Q(("message", None)),
                name="activity_written_newest",
            ),
        ),
    ]
