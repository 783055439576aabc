"""Live events: what open pages hear when something changes, carried by PostgreSQL's NOTIFY.

An event holds ids only. Whoever receives one asks for the thing again, through `visible_to`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from django.db import connection

CHANNEL = "letterbook_events"
Topic = Literal["outgoing", "activity", "mailbox", "contact"]


@dataclass(frozen=True, slots=True)
class Event:
    """Something of a team changed. `mailbox_id` or `user_id` is set where only some of the team may know of it."""

    team_id: UUID
    topic: Topic
    row_id: UUID | None = None
    mailbox_id: UUID | None = None
    user_id: UUID | None = None


def announce(
    topic: Topic,
    *,
    team_id: UUID,
    row_id: UUID | None = None,
    mailbox_id: UUID | None = None,
    user_id: UUID | None = None,
) -> None:
    """Tell open pages; delivered when the current transaction commits, and not at all when it does not."""
    payload = event_payload(
        topic, team_id=team_id, row_id=row_id, mailbox_id=mailbox_id, user_id=user_id
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, payload])


def event_payload(
    topic: Topic,
    *,
    team_id: UUID,
    row_id: UUID | None = None,
    mailbox_id: UUID | None = None,
    user_id: UUID | None = None,
) -> str:
    """Return what a notification on `CHANNEL` carries, for a statement that does more than tell."""
    payload = {"team": str(team_id), "topic": topic}
    if row_id is not None:
        payload["id"] = str(row_id)
    if mailbox_id is not None:
        payload["mailbox"] = str(mailbox_id)
    if user_id is not None:
        payload["user"] = str(user_id)
    return json.dumps(payload)


def read_event(payload: str) -> Event:
    """Return the event a notification carries."""
    fields = json.loads(payload)
    return Event(
        team_id=UUID(fields["team"]),
        topic=fields["topic"],
        row_id=UUID(fields["id"]) if "id" in fields else None,
        mailbox_id=UUID(fields["mailbox"]) if "mailbox" in fields else None,
        user_id=UUID(fields["user"]) if "user" in fields else None,
    )
