"""An index for old links: whom a contact that is gone is part of now."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("contacts", "0003_merges")]

    operations = [
        migrations.AlterField(
            model_name="contactmerge",
            name="gone_id",
            field=models.UUIDField(db_index=True),
        ),
    ]
