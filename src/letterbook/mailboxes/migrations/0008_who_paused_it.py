"""Who paused a mailbox; and what the widest policy says of lists and machines."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("mailboxes", "0007_labels_by_name"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="mailbox",
            name="paused_by",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="mailbox",
            constraint=models.CheckConstraint(
                condition=models.Q(state="paused") | models.Q(paused_by=None),
                name="mailbox_paused_by_only_while_paused",
            ),
        ),
        migrations.AlterField(
            model_name="mailbox",
            name="policy",
            field=models.CharField(
                choices=[
                    ("known", "Only mail with people who are contacts"),
                    ("written_to", "The same, and people you write to become contacts"),
                    (
                        "everyone",
                        "Mail with anybody; everyone but lists and machines becomes a contact",
                    ),
                ],
                default="known",
                max_length=12,
            ),
        ),
    ]
