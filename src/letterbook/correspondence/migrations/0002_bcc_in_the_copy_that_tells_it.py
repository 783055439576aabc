import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("correspondence", "0001_initial"),
        ("mailboxes", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="message",
            name="bcc_keys",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.TextField(), default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="mailboxmessage",
            name="bcc",
            field=models.JSONField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="messagesource",
            name="mailbox",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="mailboxes.mailbox",
            ),
        ),
        migrations.AddIndex(
            model_name="mailboxmessage",
            index=models.Index(
                condition=models.Q(("bcc__isnull", False)),
                fields=["message"],
                name="mailbox_message_bcc",
            ),
        ),
    ]
