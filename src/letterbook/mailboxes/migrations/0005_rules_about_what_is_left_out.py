"""Rules about mail that is never stored."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("mailboxes", "0004_why_google_lets_nobody_in"),
        ("teams", "0002_chain_the_audit_log"),
    ]

    operations = [
        migrations.CreateModel(
            name="StoringRule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("address", "Mail with this address"),
                            ("domain", "Mail with anyone at this domain"),
                            ("label", "Mail with this label"),
                            ("only_label", "Mail without this label"),
                        ],
                        max_length=10,
                    ),
                ),
                ("pattern", models.CharField(max_length=320)),
                ("created_at", models.DateTimeField()),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "mailbox",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rules",
                        to="mailboxes.mailbox",
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="teams.team",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("team", "mailbox", "kind", "pattern"),
                        name="storing_rule_once",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=Q(
                            ("kind__in", ["address", "domain", "label", "only_label"]),
                            Q(("pattern", ""), _negated=True),
                        ),
                        name="storing_rule_says_something",
                    ),
                    models.CheckConstraint(
                        condition=Q(
                            ("mailbox__isnull", False),
                            Q(("kind__in", ("label", "only_label")), _negated=True),
                            _connector="OR",
                        ),
                        name="storing_rule_of_a_label_is_a_mailbox_s",
                    ),
                ],
            },
        ),
    ]
