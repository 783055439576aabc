from __future__ import annotations

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0010_what_contacts_share"),
        ("correspondence", "0014_choices_hold_for_later_mailboxes"),
        ("timeline", "0007_words_of_what_is_written"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(model_name="activity", name="activity_for_nobody"),
        migrations.AddIndex(
            model_name="activity",
            index=models.Index(
                condition=models.Q(("assignee", None), ("done_at", None), ("message", None)),
                fields=["user", "due_on"],
                name="activity_for_nobody",
            ),
        ),
    ]
