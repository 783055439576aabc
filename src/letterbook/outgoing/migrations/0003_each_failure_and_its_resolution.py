"""Every failure gets a row of its own, open until it is resolved; an email knows which failed one it replaces."""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import letterbook.correspondence.access
import letterbook.kit.ids


class Migration(migrations.Migration):
    dependencies = [
        ("mailboxes", "0001_initial"),
        ("outgoing", "0002_regarding_and_the_last_submission"),
        ("teams", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Failure",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=letterbook.kit.ids.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "error_class",
                    models.CharField(
                        choices=[
                            ("rejected", "Refused for good: edit it and send it again"),
                            ("gave_up", "Could not be handed over in time: retry"),
                            ("needs_reconnecting", "The mailbox needs reconnecting"),
                            ("not_permitted", "Its author may no longer send from this mailbox"),
                            (
                                "setup_wrong",
                                "Google is set up wrongly on this server: ask an admin",
                            ),
                            (
                                "unconfirmed",
                                "Nobody can know whether it was sent: look, then decide",
                            ),
                        ],
                        max_length=20,
                    ),
                ),
                ("error", models.TextField()),
                ("evidence", models.TextField(blank=True)),
                ("attempt", models.PositiveIntegerField(default=0)),
                ("failed_at", models.DateTimeField()),
                ("told_at", models.DateTimeField(blank=True, null=True)),
                ("resolved_at", models.DateTimeField(blank=True, null=True)),
                (
                    "resolution",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("retried", "Queued again"),
                            ("sent", "It was sent"),
                            ("edited", "Written anew and queued"),
                            ("dismissed", "Left as it is"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "resolved_as",
                    models.CharField(
                        blank=True,
                        choices=[("person", "person"), ("api", "API token"), ("worker", "worker")],
                        max_length=10,
                    ),
                ),
            ],
            bases=(letterbook.correspondence.access.SeenBySomeone, models.Model),
        ),
        migrations.AddField(
            model_name="outgoingemail",
            name="replaces",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="replaced_by",
                to="outgoing.outgoingemail",
            ),
        ),
        migrations.AddField(
            model_name="failure",
            name="author",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="failure",
            name="email",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="failures",
                to="outgoing.outgoingemail",
            ),
        ),
        migrations.AddField(
            model_name="failure",
            name="mailbox",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="mailboxes.mailbox",
            ),
        ),
        migrations.AddField(
            model_name="failure",
            name="resolved_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="failure",
            name="team",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="teams.team"
            ),
        ),
        migrations.AddIndex(
            model_name="failure",
            index=models.Index(
                condition=models.Q(("resolved_at", None)),
                fields=["team", "-failed_at", "-id"],
                name="failure_open",
            ),
        ),
        migrations.AddIndex(
            model_name="failure",
            index=models.Index(fields=["team", "-failed_at", "-id"], name="failure_by_time"),
        ),
        migrations.AddIndex(
            model_name="failure",
            index=models.Index(
                condition=models.Q(("resolved_at", None)),
                fields=["mailbox", "error_class"],
                name="failure_open_by_mailbox",
            ),
        ),
        migrations.AddConstraint(
            model_name="failure",
            constraint=models.UniqueConstraint(
                condition=models.Q(("resolved_at", None)),
                fields=("email",),
                name="failure_open_once_per_email",
            ),
        ),
        migrations.AddConstraint(
            model_name="failure",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("resolution", ""), ("resolved_as", ""), ("resolved_at", None)),
                    models.Q(
                        ("resolved_at__isnull", False),
                        models.Q(("resolution", ""), _negated=True),
                        models.Q(("resolved_as", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="failure_resolved_says_how",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="failure",
            trigger=pgtrigger.compiler.Trigger(
                name="facts_stay",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."email_id" IS DISTINCT FROM (NEW."email_id") OR OLD."team_id" IS DISTINCT FROM (NEW."team_id") OR OLD."mailbox_id" IS DISTINCT FROM (NEW."mailbox_id") OR OLD."author_id" IS DISTINCT FROM (NEW."author_id") OR OLD."error_class" IS DISTINCT FROM (NEW."error_class") OR OLD."error" IS DISTINCT FROM (NEW."error") OR OLD."failed_at" IS DISTINCT FROM (NEW."failed_at"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="b35ce4579b027ff2182a75b6cc32259c0f1bc9b4",
                    operation="UPDATE",
                    pgid="pgtrigger_facts_stay_5ee86",
                    table="outgoing_failure",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="failure",
            trigger=pgtrigger.compiler.Trigger(
                name="kept",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="149c1d26242d977241ceee729deb5cd61fba1b67",
                    operation="DELETE",
                    pgid="pgtrigger_kept_1f67f",
                    table="outgoing_failure",
                    when="BEFORE",
                ),
            ),
        ),
    ]
