"""What was decided about threads that turn out to be one.

Anybody can write an email that joins two conversations. So joining shows nobody more than before: what was not shared
alike becomes private until its owner chooses again, and who was let in to one of the two is let in no more.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection


def join_decisions(moves: Mapping[UUID, UUID], *, at: datetime) -> None:
    """Bring choices, admissions and requests from threads that go to those they become part of."""
    pairs: dict[str, Any] = {"old": list(moves), "new": list(moves.values()), "at": at}
    with connection.cursor() as cursor:
        for statement in (_JOIN_CHOICES, _FORGET_CHOICES, _END_ADMISSIONS, _FORGET_REQUESTS, _JOIN):
            cursor.execute(statement, pairs)


_MOVED = "unnest(%(old)s::uuid[], %(new)s::uuid[]) AS moved (old, new)"
_JOIN_CHOICES = f"""
    WITH part AS (
        SELECT old AS thread_id, new FROM {_MOVED} UNION SELECT new, new FROM {_MOVED}
    ), whole AS (
        SELECT new, count(*) AS parts FROM part GROUP BY new
    )
    INSERT INTO correspondence_sharingchoice (team_id, mailbox_id, thread_id, level, chosen_at)
    SELECT choice.team_id, choice.mailbox_id, whole.new,
        CASE WHEN count(*) = whole.parts AND min(choice.level) = max(choice.level)
            THEN min(choice.level) ELSE 0 END, max(choice.chosen_at)
    FROM part JOIN whole USING (new) JOIN correspondence_sharingchoice choice USING (thread_id)
    GROUP BY choice.team_id, choice.mailbox_id, whole.new, whole.parts
    ON CONFLICT (thread_id, mailbox_id) WHERE thread_id IS NOT NULL DO UPDATE SET level = excluded.level
"""  # noqa: S608 - put together from constants
_FORGET_CHOICES = "DELETE FROM correspondence_sharingchoice WHERE thread_id = ANY(%(old)s::uuid[])"
_END_ADMISSIONS = """
    UPDATE correspondence_admission SET ended_at = %(at)s
    WHERE thread_id = ANY(%(old)s::uuid[] || %(new)s::uuid[]) AND ended_at IS NULL
"""
_FORGET_REQUESTS = f"""
    DELETE FROM correspondence_accessrequest request USING {_MOVED}
    WHERE request.thread_id = moved.old AND request.answered_at IS NULL
"""  # noqa: S608 - put together from constants
_JOIN = f"""
    WITH admission AS (
        UPDATE correspondence_admission SET thread_id = moved.new FROM {_MOVED} WHERE thread_id = moved.old
    )
    UPDATE correspondence_accessrequest SET thread_id = moved.new FROM {_MOVED} WHERE thread_id = moved.old
"""  # noqa: S608 - put together from constants
