"""The second wall: while somebody is looking, PostgreSQL itself shows nothing but what is theirs (decision 0015).

`visible_to` is the first. Behind this one a question that forgot it finds no more: the connection has a role that
cannot bypass row-level security, and the policies know the membership on whose behalf it asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from uuid import UUID
from weakref import WeakSet

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import Connection
from psycopg.pq import TransactionStatus

from letterbook.teams.models import Membership

ROLE = "letterbook_member"

# On whose behalf this request asks; None where Letterbook itself is at work.
_viewer: ContextVar[UUID | None] = ContextVar("viewer", default=None)
# Connections that may still have somebody's eyes: they go back to a pool that others take from.
_lent: WeakSet[Connection[Any]] = WeakSet()

_LEND_EYES = "SELECT set_config('role', %s, false), set_config('letterbook.membership', %s, false)"


@contextmanager
def seen_by(member: Membership) -> Iterator[None]:
    """See nothing from the database but what this member may know of."""
    with _with_eyes_of(member.pk):
        yield


@contextmanager
def on_the_teams_behalf() -> Iterator[None]:
    """Step back to where all of the team's rows are seen, to change what follows from what a person did.

    Only around a function that works for the team whoever asks; tests/rules lists each. It must tell the person
    nothing of rows they may not see.
    """
    with _with_eyes_of(None):
        yield


@contextmanager
def _with_eyes_of(viewer: UUID | None) -> Iterator[None]:
    before = _viewer.get()
    _look_with(viewer)
    try:
        yield
    finally:
        _look_with(before)


def _look_with(viewer: UUID | None) -> None:
    if viewer == _viewer.get():
        return
    _viewer.set(viewer)
    if connection.connection is not None:
        _set_eyes(connection, viewer)


def _set_eyes(wrapper: BaseDatabaseWrapper, viewer: UUID | None) -> None:
    raw: Connection[Any] = wrapper.connection
    if raw.closed or raw.info.transaction_status == TransactionStatus.INERROR:
        # Nothing can be asked any more, and rolling back brings back the eyes there were before.
        return
    with wrapper.wrap_database_errors:
        # In one round trip, and beside Django's own log of questions: it is none that anybody asked.
        raw.execute(_LEND_EYES, [ROLE if viewer else "none", str(viewer or "")])
    if viewer:
        _lent.add(raw)
    else:
        _lent.discard(raw)


def open_with_eyes(connection: BaseDatabaseWrapper, **_: object) -> None:
    """Give a connection that was just opened, or taken from the pool, the eyes it must have; called by Django."""
    viewer = _viewer.get()
    if viewer is not None or connection.connection in _lent:
        _set_eyes(connection, viewer)
