"""Whose old mail was asked for is known by a time of its own; so far it was that of the last good run."""

from django.db import migrations, models


_TAKE_OVER = """
    UPDATE mailboxes_mailbox SET contacts_asked_at = connected_at, policy_asked = policy WHERE history_cursor <> ''
"""


class Migration(migrations.Migration):
    dependencies = [
        ("mailboxes", "0002_why_sending_is_paused"),
    ]

    operations = [
        migrations.AddField(
            model_name="mailbox",
            name="contacts_asked_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="mailbox",
            name="is_rest_left_out",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="mailbox",
            name="policy_asked",
            field=models.CharField(blank=True, max_length=12),
        ),
        # From the connection on, to be sure: asking once too often does no harm.
        migrations.RunSQL(_TAKE_OVER, migrations.RunSQL.noop),
    ]
