"""Whether mail among colleagues is left out."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("teams", "0002_chain_the_audit_log"),
    ]

    operations = [
        migrations.AddField(
            model_name="team",
            name="is_internal_mail_left_out",
            field=models.BooleanField(default=True),
        ),
    ]
