"""Finding the runs that found nothing, by age."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("incoming", "0002_coverage_by_day"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="retrievalrun",
            index=models.Index(
                condition=models.Q(
                    ended_at__isnull=False,
                    listed=0,
                    stored=0,
                    repeated=0,
                    skipped=0,
                    quarantined=0,
                    gone=0,
                    error="",
                ),
                fields=["started_at"],
                name="run_empty_by_age",
            ),
        ),
    ]
