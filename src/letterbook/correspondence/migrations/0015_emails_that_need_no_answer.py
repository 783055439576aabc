from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("correspondence", "0014_choices_hold_for_later_mailboxes"),
    ]

    operations = [
        migrations.AddField(
            model_name="mailboxmessage",
            name="waived_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
