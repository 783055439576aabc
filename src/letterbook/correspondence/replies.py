"""Replies to sent emails: not stored, they follow from the messages themselves whatever the order they came in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q

from letterbook.correspondence.access import Reach
from letterbook.correspondence.models import Direction, Message, MessageQuerySet
from letterbook.correspondence.seen_facts import Answer
from letterbook.kit.cursors import Position
from letterbook.teams.models import Membership


def answers_to(member: Membership, reach: Reach, message_ids: Iterable[UUID]) -> list[Answer]:
    """Return the first answer of each person to each of these sent emails, as far as this member may know."""
    sent = list(_sent(member, reach).filter(pk__in=list(message_ids)))
    if not sent:
        return []
    answers = _answers(member, reach).filter(
        thread_id__in={one.thread_id for one in sent},
        in_reply_to__in={one.message_id for one in sent},
    )
    return _pair(sent, answers)


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


def _pair(
    sent: MessageQuerySet | Sequence[Message], answers: MessageQuerySet | Sequence[Message]
) -> list[Answer]:
    asked = {(one.thread_id, one.message_id): one for one in sent}
    first: dict[tuple[UUID, str], Answer] = {}
    for answer in sorted(answers, key=lambda one: (one.occurred_at, one.pk)):
        question = asked.get((answer.thread_id, answer.in_reply_to))
        if question:
            found = Answer(question, answer)
            first.setdefault((question.pk, found.by), found)
    return list(first.values())
