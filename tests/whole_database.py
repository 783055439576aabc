"""Everything the database holds: looked through for one word (plain, as bytes, inside what is compressed), or gone."""

from __future__ import annotations

from django.db import connection

from letterbook.correspondence.models import MessageSource, QuarantinedSource
from letterbook.correspondence.sources import unpack_source
from letterbook.project.backing_up import NOT_KEPT, tables_there


def where_it_says(word: str) -> set[str]:
    """The tables in which some row holds this word, whatever its case."""
    found = set()
    patterns = [f"%{word}%", f"%{word.encode().hex()}%"]
    for table in connection.introspection.table_names():
        with connection.cursor() as cursor:
            cursor.execute(
                f'SELECT EXISTS (SELECT FROM "{table}" AS row WHERE row::text ILIKE ANY (%s))',
                [patterns],
            )
            if cursor.fetchone() == (True,):
                found.add(table)
    for kept in (MessageSource, QuarantinedSource):
        for raw in kept.objects.values_list("raw_zstd", flat=True):
            if word.encode().lower() in unpack_source(raw).lower():
                found.add(kept._meta.db_table)
    return found


def empty_the_database() -> None:
    """Leave the tables and no row in them, as in a database that was only migrated."""
    names = ", ".join(f'"{name}"' for name in tables_there() if name not in NOT_KEPT)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(f"TRUNCATE {names}")
        cursor.execute("SET session_replication_role = DEFAULT")
