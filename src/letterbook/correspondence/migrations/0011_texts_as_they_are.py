from django.db import migrations

_ALTER = "ALTER TABLE correspondence_message ALTER {} SET STORAGE {}"


class Migration(migrations.Migration):
    dependencies = [("correspondence", "0010_choices_hold_for_addresses")]

    # PostgreSQL's own compression took an eighth of its CPU while the team's lock was held. It found nothing to save in
    # the words of the index, and 1.5 kB in the text of an email, which is a tenth of all that is kept of it. Rows that
    # are there already stay as they are.
    operations = [
        migrations.RunSQL(
            _ALTER.format(column, "EXTERNAL"),
            _ALTER.format(column, "EXTENDED"),
        )
        for column in ("search", "text")
    ]
