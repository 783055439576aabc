"""Which email goes: looked at, or locked by whoever chooses it and skipped by everybody else.

One statement finds and loads all that an attempt needs. It is written out because building it anew for every email
would take the worker longer than anything else it does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Model, QuerySet

from letterbook.mailboxes.models import Mailbox
from letterbook.outgoing.models import FrozenEmail, OutgoingEmail
from letterbook.outgoing.prepared import first_row
from letterbook.teams.models import User


@dataclass(frozen=True, slots=True)
class Candidate:
    """The newest bytes of an email whose turn it is, and which version of its row said so: PostgreSQL's xmin."""

    frozen: FrozenEmail
    version: str


def lock_due(email_id: UUID, *, at: datetime) -> Candidate | None:
    """Return this email when it is due and nobody holds it, locked."""
    return _choose(f"email.id = %s {_IN_TURN} {_LOCKED}", email_id, at=at)


def look_next(mailbox_id: UUID, *, only_in_doubt: bool, at: datetime) -> Candidate | None:
    """Return the email whose turn it is in a mailbox, or None; it is not locked, so another may be quicker.

    Its turn has come when it is due, nobody holds it, and nothing that shares its `order_key` was queued earlier.
    """
    return _choose(f"{_next(only_in_doubt=only_in_doubt)} {_IN_TURN}", mailbox_id, at=at)


def lock_next(mailbox_id: UUID, *, only_in_doubt: bool, at: datetime) -> Candidate | None:
    """Return the email whose turn it is, or would be without those that somebody has locked just now, locked."""
    which = f"{_next(only_in_doubt=only_in_doubt)} {_IN_TURN} {_LOCKED}"
    return _choose(which, mailbox_id, at=at)


def _next(*, only_in_doubt: bool) -> str:
    which = f"email.mailbox_id = %s AND {_NOBODY_AHEAD}"
    return f"{which} AND frozen.submitted_at IS NOT NULL" if only_in_doubt else which


def due_in(mailbox_id: UUID, *, at: datetime) -> QuerySet[OutgoingEmail]:
    """Return what of a mailbox is due and held by nobody, in no order."""
    return OutgoingEmail.objects.due(at=at).filter(mailbox_id=mailbox_id)


def _choose(which: str, of: UUID, *, at: datetime) -> Candidate | None:
    found = first_row(_statement(which), [of, at, at])
    if found is None:
        return None
    values = iter(found)
    frozen, email, mailbox, author = (_read(model, values) for model in _LOADED)
    email.mailbox, email.author = mailbox, author
    frozen.email = email
    return Candidate(frozen, version=next(values))


# Any: models of four types, each with columns of its own.
def _read(model: Any, values: Any) -> Any:
    names = _names(model)
    return model.from_db(connection.alias, names, [next(values) for _ in names])


_LOADED: tuple[type[Model], ...] = (FrozenEmail, OutgoingEmail, Mailbox, User)
_ALIASES = ("frozen", "email", "mailbox", "author")
# What was written is in the frozen bytes; the text itself may be long.
_LEFT_OUT = {"html"}


@cache
def _names(model: type[Model]) -> tuple[str, ...]:
    fields = model._meta.concrete_fields
    return tuple(field.attname for field in fields if field.attname not in _LEFT_OUT)


@cache
def _statement(which: str) -> str:
    columns = ", ".join(
        f"{alias}.{model._meta.get_field(name).column}"  # type: ignore[union-attr]  # a concrete field has one
        for alias, model in zip(_ALIASES, _LOADED, strict=True)
        for name in _names(model)
    )
    return f"{_CHOSEN.format(columns=columns)} WHERE {which}"


_CHOSEN = """
    SELECT {columns}, email.xmin::text FROM outgoing_outgoingemail email
    JOIN outgoing_frozenemail frozen ON frozen.email_id = email.id
    JOIN mailboxes_mailbox mailbox ON mailbox.id = email.mailbox_id
    JOIN teams_user author ON author.id = email.author_id
"""
# outgoing_queue_of_mailbox gives a mailbox's queue in its order.
_IN_TURN = """
    AND email.status = 'queued' AND email.due_at <= %s AND (email.leased_until IS NULL OR email.leased_until < %s)
    AND NOT EXISTS (SELECT FROM outgoing_frozenemail later
        WHERE later.email_id = email.id AND later.round > frozen.round)
    ORDER BY email.due_at, email.id LIMIT 1
"""
# Of two workers one gets the row's lock; the other skips it and, later, finds the lease.
_LOCKED = "FOR UPDATE OF email SKIP LOCKED"
# What another worker has locked this moment is still queued in everybody else's eyes: it stays ahead.
_NOBODY_AHEAD = """(email.order_key = '' OR NOT EXISTS (
    SELECT FROM outgoing_outgoingemail earlier
    WHERE earlier.status = 'queued' AND earlier.mailbox_id = email.mailbox_id
        AND earlier.order_key = email.order_key
        AND (earlier.queued_at, earlier.id) < (email.queued_at, email.id)
        AND earlier.send_at <= email.send_at))"""
