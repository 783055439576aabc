"""Whether a mailbox hides what is deleted at its provider."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("mailboxes", "0005_rules_about_what_is_left_out"),
    ]

    operations = [
        migrations.AddField(
            model_name="mailbox",
            name="is_removed_mail_hidden",
            field=models.BooleanField(default=False),
        ),
    ]
