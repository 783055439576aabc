"""Choices and admissions for a contact hold for the addresses that contact had."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0006_find_the_companies"),
        ("correspondence", "0009_choices_admissions_openings"),
        ("mailboxes", "0007_labels_by_name"),
        ("teams", "0004_default_sharing"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="admission",
            name="admission_once",
        ),
        migrations.RemoveConstraint(
            model_name="admission",
            name="admission_to_one_thing",
        ),
        migrations.RemoveConstraint(
            model_name="admission",
            name="admission_by_glass_has_a_reason_and_an_end",
        ),
        migrations.RemoveConstraint(
            model_name="sharingchoice",
            name="sharing_choice_is_about_one_thing",
        ),
        migrations.RemoveIndex(
            model_name="admission",
            name="admission_to_mailboxes",
        ),
        migrations.AddField(
            model_name="admission",
            name="keys",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.TextField(), blank=True, null=True, size=None
            ),
        ),
        migrations.AddField(
            model_name="sharingchoice",
            name="keys",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.TextField(), blank=True, null=True, size=None
            ),
        ),
        migrations.AlterField(
            model_name="admission",
            name="contact",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="contacts.contact",
            ),
        ),
        migrations.AlterField(
            model_name="sharingchoice",
            name="contact",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="contacts.contact",
            ),
        ),
        migrations.AddIndex(
            model_name="admission",
            index=models.Index(
                condition=models.Q(
                    ("ended_at__isnull", True), ("keys__isnull", True), ("thread__isnull", True)
                ),
                fields=["user", "mailbox"],
                name="admission_to_mailboxes",
            ),
        ),
        migrations.AddConstraint(
            model_name="admission",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True), ("is_glass", False)),
                fields=("mailbox", "user", "keys", "thread"),
                name="admission_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="admission",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("thread__isnull", True),
                    models.Q(("contact__isnull", True), ("keys__isnull", True)),
                    _connector="OR",
                ),
                name="admission_to_one_thing",
            ),
        ),
        migrations.AddConstraint(
            model_name="admission",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("is_glass", False),
                    models.Q(
                        ("ends_at__isnull", False),
                        ("keys__isnull", True),
                        ("thread__isnull", True),
                        models.Q(("reason", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="admission_by_glass_has_a_reason_and_an_end",
            ),
        ),
        migrations.AddConstraint(
            model_name="sharingchoice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("contact__isnull", True), ("keys__isnull", True), ("thread__isnull", False)
                    ),
                    models.Q(("keys__isnull", False), ("thread__isnull", True)),
                    _connector="OR",
                ),
                name="sharing_choice_is_about_one_thing",
            ),
        ),
    ]
