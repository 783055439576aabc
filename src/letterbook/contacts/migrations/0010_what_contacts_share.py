from django.db import migrations, models

# What is compared when contacts may be one person: the owner of an address may put "+shop" into it, at Gmail dots too.
_FUNCTIONS = r"""
    CREATE FUNCTION letterbook_plain_address(key text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT CASE
            WHEN split_part(split_part(key, '@', 1), '+', 1) = '' THEN NULL
            WHEN split_part(key, '@', 2) IN ('gmail.com', 'googlemail.com')
                THEN replace(split_part(split_part(key, '@', 1), '+', 1), '.', '') || '@gmail.com'
            ELSE split_part(split_part(key, '@', 1), '+', 1) || '@' || split_part(key, '@', 2) END
    $$;
    CREATE FUNCTION letterbook_digits(phone text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT CASE WHEN length(number) >= 7 THEN number END
        FROM (SELECT regexp_replace(regexp_replace(phone, '^\s*(\+|00)', ''), '\D', '', 'g')) AS said (number)
    $$;
"""
_NO_FUNCTIONS = """
    DROP FUNCTION letterbook_plain_address(text);
    DROP FUNCTION letterbook_digits(text);
"""


class Migration(migrations.Migration):
    dependencies = [("contacts", "0009_splits")]

    operations = [
        migrations.RunSQL(_FUNCTIONS, _NO_FUNCTIONS),
        migrations.AddField(
            model_name="contact",
            name="digits",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Func(models.F("phone"), function="letterbook_digits"),
                null=True,
                output_field=models.CharField(db_collation="C", max_length=60, null=True),
            ),
        ),
        migrations.AddField(
            model_name="contactaddress",
            name="plain",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Func(models.F("key"), function="letterbook_plain_address"),
                null=True,
                output_field=models.CharField(db_collation="C", max_length=320, null=True),
            ),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(
                condition=models.Q(("digits__isnull", False)),
                fields=["team", "digits"],
                name="contact_by_digits",
            ),
        ),
        migrations.AddIndex(
            model_name="contactaddress",
            index=models.Index(fields=["team", "plain"], name="contact_address_by_plain"),
        ),
    ]
