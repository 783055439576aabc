"""Replies to sent emails: not stored, they follow from the messages themselves whatever the order they came in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q

from letterbook.correspondence.access import Reach
from letterbook.correspondence.conditions import is_held
from letterbook.correspondence.models import Direction, Message, MessageQuerySet
from letterbook.correspondence.seen_facts import Answer
from letterbook.kit.cursors import Position
from letterbook.mailboxes.models import Sharing
from letterbook.teams.models import Membership


def answers_to(member: Membership, reach: Reach, message_ids: Iterable[UUID]) -> list[Answer]:
    """Return the first answer of each person to each of these sent emails, as far as this member may know."""
    knows_question, seen = is_held(reach, level=Sharing.METADATA, of="question")
    knows_answer, _ = is_held(reach, level=Sharing.METADATA, of="answer")
    statement = _ANSWERS_TO.format(
        knows_question=knows_question.format(question="question.id"),
        knows_answer=knows_answer.format(answer="answer.id"),
    )
    team = member.team_id
    # Any: a statement's values are of any type.
    values: list[Any] = [list(message_ids), team, *seen, team, *seen]
    with connection.cursor() as rows:
        rows.execute(statement, values)
        return _first_of_each(Answer(*row) for row in rows.fetchall())


# Written down at once: put together by Django, these are two questions that take longer to build than to answer.
_ANSWERS_TO = """
    SELECT question.id, question.occurred_at, answer.id, answer.occurred_at, answer.from_address
    FROM correspondence_message question
    JOIN correspondence_message answer
        ON answer.thread_id = question.thread_id AND answer.in_reply_to = question.message_id
    WHERE question.id = ANY (%s::uuid[]) AND question.team_id = %s
        AND question.direction = 'out' AND question.message_id <> '' AND {knows_question}
        AND answer.team_id = %s AND answer.direction = 'in' AND NOT answer.is_automatic
        AND answer.in_reply_to <> answer.message_id AND {knows_answer}
"""


def newest_answers(
    member: Membership,
    reach: Reach,
    *,
    since: datetime | None,
    after: Position | None,
    limit: int,
) -> list[Answer]:
    """Return some answers to any sent email, newest first."""
    question = _sent(member, reach).filter(
        thread_id=OuterRef("thread_id"), message_id=OuterRef("in_reply_to")
    )
    earlier = Message.objects.filter(
        Q(occurred_at__lt=OuterRef("occurred_at"))
        | Q(occurred_at=OuterRef("occurred_at"), pk__lt=OuterRef("pk")),
        thread_id=OuterRef("thread_id"),
        in_reply_to=OuterRef("in_reply_to"),
        from_address=OuterRef("from_address"),
        direction=Direction.INCOMING,
        is_automatic=False,
    )
    found = _answers(member, reach).filter(Exists(question), ~Exists(earlier))
    if since is not None:
        found = found.filter(occurred_at__gte=since)
    if after is not None:
        beyond = Q(occurred_at__lt=after.at) | Q(pk__lt=after.id)
        found = found.filter(beyond, occurred_at__lte=after.at)
    newest = list(found.order_by("-occurred_at", "-id")[:limit])
    asked = _sent(member, reach).filter(
        thread_id__in={one.thread_id for one in newest},
        message_id__in={one.in_reply_to for one in newest},
    )
    return _pair(asked, newest)


def _sent(member: Membership, reach: Reach) -> MessageQuerySet:
    sent = Message.objects.visible_to(member, reach=reach).exclude(message_id="")
    return sent.filter(direction=Direction.OUTGOING).defer("text", "search")


def _answers(member: Membership, reach: Reach) -> MessageQuerySet:
    """What people wrote in answer to something; a machine's answer is none."""
    incoming = Message.objects.visible_to(member, reach=reach).exclude(in_reply_to="")
    own = incoming.filter(direction=Direction.INCOMING, is_automatic=False)
    return own.exclude(in_reply_to=F("message_id")).defer("text", "search")


def _pair(sent: MessageQuerySet, answers: Sequence[Message]) -> list[Answer]:
    asked = {(one.thread_id, one.message_id): one for one in sent}
    return _first_of_each(
        Answer(question.pk, question.occurred_at, one.pk, one.occurred_at, one.from_address)
        for one in answers
        if (question := asked.get((one.thread_id, one.in_reply_to)))
    )


def _first_of_each(answers: Iterable[Answer]) -> list[Answer]:
    first: dict[tuple[UUID, str], Answer] = {}
    for one in sorted(answers, key=lambda answer: (answer.at, answer.id)):
        first.setdefault((one.question_id, one.by), one)
    return list(first.values())
