import django.db.models.deletion
import letterbook.kit.ids
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("correspondence", "0003_move_bcc_to_the_copies"),
        ("teams", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="LaterFact",
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
                    "kind",
                    models.CharField(
                        choices=[
                            ("bounce", "Bounce"),
                            ("delay", "Delay"),
                            ("complaint", "Complaint"),
                            ("auto_reply", "Automatic reply"),
                            ("reply", "Reply"),
                        ],
                        max_length=10,
                    ),
                ),
                ("recipient", models.CharField(blank=True, max_length=320)),
                ("is_hard", models.BooleanField(blank=True, null=True)),
                ("status_code", models.CharField(blank=True, max_length=12)),
                ("diagnostic", models.CharField(blank=True, max_length=500)),
                ("back_on", models.DateField(blank=True, null=True)),
                ("at", models.DateTimeField()),
                (
                    "evidence",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tells",
                        to="correspondence.message",
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="later_facts",
                        to="correspondence.message",
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="teams.team",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["team", "-at", "-id"], name="later_fact_by_team_and_time"),
                    models.Index(
                        condition=models.Q(("is_hard", True), ("kind", "bounce")),
                        fields=["team", "recipient"],
                        name="later_fact_bad_addresses",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("message", "evidence", "kind", "recipient"), name="later_fact_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind__in", ["bounce", "delay", "complaint", "auto_reply"])
                        ),
                        name="later_fact_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("is_hard__isnull", False), ("kind", "bounce")),
                            models.Q(
                                models.Q(("kind", "bounce"), _negated=True),
                                ("is_hard__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="later_fact_bounce_is_hard_or_soft",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind", "auto_reply"), ("back_on", None), _connector="OR"
                        ),
                        name="later_fact_only_people_come_back",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="UnplacedReport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.UUIDField()),
                (
                    "ledger_row",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="unplaced_reports",
                        to="correspondence.mailboxmessage",
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="teams.team",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["team", "key"], name="unplaced_report_by_key")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("ledger_row", "key"), name="unplaced_report_key_once"
                    )
                ],
            },
        ),
    ]
