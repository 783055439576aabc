from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("correspondence", "0015_emails_that_need_no_answer"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                fields=["team", "-occurred_at", "-id"],
                include=["thread", "direction", "is_automatic", "from_address"],
                name="message_by_time",
            ),
        ),
        migrations.RemoveIndex(model_name="message", name="message_by_team_and_time"),
    ]
