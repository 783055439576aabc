"""Why a mailbox cannot be read until a person acts, told apart."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("mailboxes", "0003_whose_mail_was_asked_for"),
    ]

    operations = [
        migrations.AddField(
            model_name="mailbox",
            name="trouble",
            field=models.CharField(
                blank=True,
                choices=[
                    ("revoked", "Google ended the permission"),
                    ("seven_days", "Google ended the permission after seven days"),
                    ("scope", "A permission is missing"),
                    ("setup", "Google is set up wrongly"),
                ],
                max_length=12,
            ),
        ),
    ]
