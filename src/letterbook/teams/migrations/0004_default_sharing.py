"""What is proposed to whoever connects a mailbox."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("teams", "0003_internal_mail"),
    ]

    operations = [
        migrations.AddField(
            model_name="team",
            name="default_sharing",
            field=models.PositiveSmallIntegerField(blank=True, null=True),
        ),
    ]
