"""What the settings of the database promise."""

from __future__ import annotations

import psycopg
import pytest
from django.db import connection

from letterbook.teams.models import Team


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_a_restart_cut_is_replaced_before_anybody_meets_it():
    """F6: a request right after a restart of the database is answered like any other."""
    pid = _pid()
    parameters = connection.get_connection_params()
    parameters.pop("pool", None)
    connection.close()  # back into the pool, as after each request
    with psycopg.connect(**_plain(parameters), autocommit=True) as other:
        assert other.execute("SELECT pg_terminate_backend(%s)", [pid]).fetchone() == (True,)
    assert not Team.objects.exists()


def _pid() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid: int = cursor.fetchone()[0]
    return pid


def _plain(parameters: dict) -> dict:
    return {
        name: value
        for name, value in parameters.items()
        if name in {"dbname", "user", "host", "port", "password"}
    }
