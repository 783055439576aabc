"""Until when a worker that writes somebody the daily notice holds it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("outgoing", "0014_way_out_with_one_click"),
    ]

    operations = [
        migrations.AddField(
            model_name="failurenotice",
            name="leased_until",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
