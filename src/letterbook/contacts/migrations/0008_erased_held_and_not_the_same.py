import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0007_deletions_that_wait"),
        ("teams", "0005_entries_without_details"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ErasedAddress",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.BinaryField(max_length=32)),
                ("erased_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="ErasureKey",
            fields=[
                (
                    "team",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="teams.team",
                    ),
                ),
                ("sealed", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="NotTheSame",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("said_at", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="contact",
            name="held_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="contact",
            name="held_by",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="contact",
            name="hold_reason",
            field=models.CharField(blank=True, db_default="", default="", max_length=500),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="contact",
            trigger=pgtrigger.compiler.Trigger(
                name="held_stays",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."held_at" IS NOT NULL)',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="4fc0a5583b8b939c9147033d45456b1ce6122832",
                    operation="DELETE",
                    pgid="pgtrigger_held_stays_cb19f",
                    table="contacts_contact",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="contactaddress",
            trigger=pgtrigger.compiler.Trigger(
                name="held_stays",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                    IF EXISTS (SELECT FROM contacts_contact c\n                               WHERE c.id = OLD.contact_id AND c.held_at IS NOT NULL) THEN\n                        RAISE EXCEPTION 'the contact is under legal hold' USING ERRCODE = '23514';\n                    END IF;\n                    RETURN OLD;\n                ",
                    hash="28850d06f8c5a48c6d7fec62a0a30d236885e9f9",
                    operation="DELETE",
                    pgid="pgtrigger_held_stays_d157a",
                    table="contacts_contactaddress",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="contact",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("held_at__isnull", True), ("hold_reason", "")),
                    models.Q(
                        ("held_at__isnull", False), models.Q(("hold_reason", ""), _negated=True)
                    ),
                    _connector="OR",
                ),
                name="contact_held_means_a_reason",
            ),
        ),
        migrations.AddField(
            model_name="erasedaddress",
            name="team",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="teams.team",
            ),
        ),
        migrations.AddField(
            model_name="notthesame",
            name="one",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="contacts.contact",
            ),
        ),
        migrations.AddField(
            model_name="notthesame",
            name="other",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="contacts.contact"
            ),
        ),
        migrations.AddField(
            model_name="notthesame",
            name="said_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="notthesame",
            name="team",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="teams.team"
            ),
        ),
        migrations.AddConstraint(
            model_name="erasedaddress",
            constraint=models.UniqueConstraint(
                fields=("team", "digest"), name="erased_address_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="notthesame",
            constraint=models.UniqueConstraint(fields=("one", "other"), name="not_the_same_once"),
        ),
        migrations.AddConstraint(
            model_name="notthesame",
            constraint=models.CheckConstraint(
                condition=models.Q(("one__lt", models.F("other"))), name="not_the_same_in_order"
            ),
        ),
    ]
