"""What failed before failures had rows of their own gets one, resolved or not as its email says."""

from django.db import migrations

_FILL = """
    INSERT INTO outgoing_failure
        (id, email_id, team_id, mailbox_id, author_id, error_class, error, evidence, attempt,
         failed_at, resolved_at, resolution, resolved_as)
    SELECT gen_random_uuid(), id, team_id, mailbox_id, author_id, error_class, error, error_evidence,
           attempt, failed_at, resolved_at, resolution,
           CASE WHEN resolved_at IS NULL THEN '' ELSE 'person' END
      FROM outgoing_outgoingemail WHERE status = 'failed'
"""


class Migration(migrations.Migration):
    dependencies = [("outgoing", "0003_each_failure_and_its_resolution")]

    operations = [migrations.RunSQL(_FILL, migrations.RunSQL.noop)]
