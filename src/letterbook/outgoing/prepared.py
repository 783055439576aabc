"""The statements that sending runs for every email: each connection plans them once, for planning takes longest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from django.db import connection


# Any: whatever the statement's columns are.
def first_row(
    statement: str, parameters: Sequence[object] | Mapping[str, object]
) -> tuple[Any, ...] | None:
    """Run a statement in one round trip and return its first row; outside a transaction it commits by itself.

    Django's cursors put the values into the text, which is planned anew every time. LISTEN, without which there is no
    worker, needs a connection of one's own anyway, as prepared statements do.
    """
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        connection.connection.prepare_threshold = 0
        return cursor.execute(statement, parameters, prepare=True).fetchone()
