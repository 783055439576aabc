"""Of an import, what became of each file's messages; older rows, and those of polls, tell of none."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("incoming", "0003_empty_runs_by_age"),
    ]

    operations = [
        migrations.AddField(
            model_name="retrievalrun",
            name="files",
            field=models.JSONField(
                blank=True, db_default=models.Value([], models.JSONField()), default=list
            ),
        ),
    ]
