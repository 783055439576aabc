"""Building the second wall: the role, the functions that policies ask, and a policy for each table (decision 0015).

It is built after each migration and is none itself: a role belongs to the whole server, not to the database, so a
backup that is restored elsewhere comes without it. What stands as it should is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

from django.db import ProgrammingError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from psycopg.errors import InsufficientPrivilege

from letterbook.kit.refusals import NotAllowed
from letterbook.project.row_policies import FUNCTIONS, MEMBERSHIP, OPEN, WALLS, Wall
from letterbook.teams.second_wall import ROLE

_BUILDERS_LOCK = 7_216_350_015
_FIRST_WITH_SET = 16_00_00
_CREATE_ROLE = f"CREATE ROLE {ROLE} NOLOGIN NOBYPASSRLS"
# Databases of one server share their roles: two that are migrated at once both find it missing.
_CREATE_ROLE_ONCE = f"""
    DO $$ BEGIN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{ROLE}') THEN {_CREATE_ROLE}; END IF;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END $$
"""


def build_wall(**_: Any) -> None:
    """Make PostgreSQL guard each table as `row_policies` says; raise `NotAllowed` where that takes an administrator.

    Django calls it after each migration; nothing is built on a schema that is not whole.
    """
    if _is_schema_whole():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [_BUILDERS_LOCK])
            try:
                _build()
            finally:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_BUILDERS_LOCK])


def take_down_wall(plan: list[tuple[Any, bool]], **_: Any) -> None:
    """Drop the policies before a migration is undone, since columns may go that they name: all is closed meanwhile."""
    if any(is_backwards for _migration, is_backwards in plan):
        for table in _tables_there():
            _run(f'DROP POLICY IF EXISTS seen ON "{table}"')
        if is_wall_standing():
            _run("COMMENT ON FUNCTION letterbook_team() IS NULL")


def is_wall_standing() -> bool:
    """Return whether every table is guarded as `row_policies` says, by a role that this connection may take on."""
    return _may_take_role() and _ask(_FINGERPRINT) == _fingerprint()


def role_statements() -> str:
    """Return the two statements by which an administrator gives this installation its role."""
    user = str(_ask("SELECT quote_ident(current_user)"))
    return f"{_CREATE_ROLE}; GRANT {ROLE} TO {user};"


def _is_schema_whole() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def _build() -> None:
    if is_wall_standing():
        return
    _ensure_role()
    for statement in _function_statements():
        _run(statement)
    # One transaction a table: whoever works meanwhile waits for one at a time, and nobody in a ring.
    for table in _tables_there():
        with transaction.atomic():
            for statement in _table_statements(table, WALLS[table]):
                _run(statement)
    for statement in _open_statements():
        _run(statement)
    _run(f"COMMENT ON FUNCTION letterbook_team() IS '{_fingerprint()}'")


def _ensure_role() -> None:
    try:
        with transaction.atomic():
            _run(_CREATE_ROLE_ONCE)
            if not _may_take_role():
                _run(f"GRANT {ROLE} TO CURRENT_USER")
    except ProgrammingError as error:
        if not isinstance(error.__cause__, InsufficientPrivilege):
            raise
        raise NotAllowed(
            f"Letterbook needs the role {ROLE} in PostgreSQL, which {_ask('SELECT current_user')} may not create.",
            way_out=f"Let an administrator of the server run: {role_statements()} Then `letterbook migrate`.",
        ) from error


def _may_take_role() -> bool:
    # Who creates a role may give it away, but from 16 on not take it on without being given it.
    version = int(str(_ask("SHOW server_version_num")))
    privilege = "SET" if version >= _FIRST_WITH_SET else "MEMBER"
    return bool(_ask(_MAY_TAKE_ROLE, ROLE, privilege))


def _function_statements() -> Iterator[str]:
    for name, (kind, query) in FUNCTIONS.items():
        yield (
            f"CREATE OR REPLACE FUNCTION {name} RETURNS {kind} LANGUAGE plpgsql STABLE PARALLEL SAFE"
            f" SECURITY DEFINER SET search_path = {_schema()}, pg_temp"
            f" AS $$ BEGIN RETURN ({query.format(me=MEMBERSHIP)}); END $$"
        )
        bare = name if name.endswith("()") else f"{name.partition('(')[0]}(uuid)"
        yield f"REVOKE EXECUTE ON FUNCTION {bare} FROM PUBLIC"
        yield f"GRANT EXECUTE ON FUNCTION {bare} TO {ROLE}"


def _table_statements(table: str, wall: Wall) -> Iterator[str]:
    yield f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY'
    yield f'DROP POLICY IF EXISTS seen ON "{table}"'
    yield (
        f'CREATE POLICY seen ON "{table}" TO {ROLE} USING ({wall.sees}) WITH CHECK ({wall.writes})'
    )
    yield f'REVOKE ALL ON "{table}" FROM {ROLE}'
    yield f'GRANT {wall.may} ON "{table}" TO {ROLE}'


def _open_statements() -> Iterator[str]:
    for table, may in OPEN.items():
        yield f'REVOKE ALL ON "{table}" FROM {ROLE}'
        yield f'GRANT {may} ON "{table}" TO {ROLE}'
    yield f"GRANT USAGE ON SCHEMA {_schema()} TO {ROLE}"
    yield f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {_schema()} TO {ROLE}"


def _tables_there() -> list[str]:
    there = set(connection.introspection.table_names())
    return [table for table in WALLS if table in there]


def _fingerprint() -> str:
    statements = [*_function_statements(), *_open_statements()]
    for table in _tables_there():
        statements += _table_statements(table, WALLS[table])
    return blake2b("\n".join(statements).encode(), digest_size=16).hexdigest()


def _schema() -> str:
    return str(_ask("SELECT quote_ident(current_schema())"))


def _run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _ask(question: str, *values: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(question, values)
        row = cursor.fetchone()
    return row[0] if row else None


_MAY_TAKE_ROLE = """
    SELECT EXISTS (
        SELECT FROM pg_roles WHERE rolname = %s AND NOT rolsuper AND NOT rolbypassrls
        AND pg_has_role(current_user, oid, %s)
    )
"""
_FINGERPRINT = "SELECT obj_description(to_regprocedure('letterbook_team()')::oid, 'pg_proc')"
