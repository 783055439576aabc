"""Where answers to an alias shall go, as its owner chose in Gmail."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("mailboxes", "0008_who_paused_it")]

    operations = [
        migrations.AddField(
            model_name="sendasaddress",
            name="reply_to",
            field=models.CharField(blank=True, default="", max_length=320),
        )
    ]
