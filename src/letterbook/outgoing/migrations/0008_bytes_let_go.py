from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("outgoing", "0007_chain_the_history"),
    ]

    operations = [
        migrations.AddField(
            model_name="frozenemail",
            name="released_size",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AddConstraint(
            model_name="frozenemail",
            constraint=models.CheckConstraint(
                condition=Q(("released_size", None), ("raw", b""), _connector="OR"),
                name="frozen_is_released_whole",
            ),
        ),
    ]
