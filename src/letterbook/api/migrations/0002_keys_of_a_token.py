import django.db.models.deletion
from django.db import migrations, models

# Until now a key was its member's. The token they used last is the one that may ask again.
_GIVE = """
    UPDATE api_idempotencykey used SET token_id = (
        SELECT token.id FROM teams_apitoken token WHERE token.member_id = used.member_id
        ORDER BY token.last_used_at DESC NULLS LAST, token.id LIMIT 1);
    DELETE FROM api_idempotencykey WHERE token_id IS NULL;
    SET CONSTRAINTS ALL IMMEDIATE;
    SET CONSTRAINTS ALL DEFERRED;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("api", "0001_initial"),
        ("teams", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="idempotencykey",
            name="token",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="teams.apitoken",
            ),
        ),
        migrations.RunSQL(_GIVE, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="idempotencykey",
            name="token",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="teams.apitoken",
            ),
        ),
        migrations.RemoveConstraint(
            model_name="idempotencykey",
            name="idempotency_key_once",
        ),
        migrations.RemoveIndex(
            model_name="idempotencykey",
            name="idempotency_key_by_age",
        ),
        migrations.AddConstraint(
            model_name="idempotencykey",
            constraint=models.UniqueConstraint(
                fields=("token", "key"), name="idempotency_key_once"
            ),
        ),
        migrations.AddIndex(
            model_name="idempotencykey",
            index=models.Index(fields=["created_at"], name="idempotency_key_by_age"),
        ),
    ]
