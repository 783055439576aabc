"""Searching emails, notes and people."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from ninja import Query, Router, Schema

from letterbook.api.activity_shapes import WrittenShown, show_written
from letterbook.api.shapes import Cursor, EmailSeen, answers, show_email
from letterbook.api.tokens import TokenRequest
from letterbook.search.finding import Results, search

router = Router(tags=["search"])
SearchText = Annotated[
    str,
    Query(
        description="from: to: with: subject: mailbox: has:attachment in:inbox in:sent in:notes before: after:"
    ),
]


class Segment(Schema):
    """A piece of text, marked where it is what was looked for. Escape it like any text."""

    text: str
    is_mark: bool


class HitShown(Schema):
    """An email that was found."""

    email: EmailSeen
    subject: list[Segment]
    excerpt: list[Segment]


class WrittenFound(Schema):
    """A note, call, meeting or task that was found."""

    activity: WrittenShown
    excerpt: list[Segment]


class PersonFound(Schema):
    """A contact of that name."""

    contact_id: UUID
    name: list[Segment]


class Found(Schema):
    """A stretch of the team's history: its emails and what people wrote, each newest first.

    On the first page come people, too; `next_cursor` is empty on the last page.
    """

    items: list[HitShown]
    written: list[WrittenFound]
    people: list[PersonFound]
    next_cursor: str


@router.get("/search", response=answers(Found), operation_id="search")
def get_search(
    request: TokenRequest,
    q: SearchText,
    cursor: Cursor = "",
    limit: Annotated[int, Query(ge=1, le=50)] = 20,
) -> Found:
    """Find emails, what people wrote, and people, within what you may see. Accents and case do not matter."""
    return _shown(search(request.auth, q, cursor=cursor, limit=limit))


def _shown(results: Results) -> Found:
    return Found(
        items=[
            HitShown(
                email=show_email(hit.email),
                subject=[Segment.from_orm(one) for one in hit.subject],
                excerpt=[Segment.from_orm(one) for one in hit.excerpt],
            )
            for hit in results.hits
        ],
        written=[
            WrittenFound(
                activity=show_written(one.activity),
                excerpt=[Segment.from_orm(piece) for piece in one.excerpt],
            )
            for one in results.written
        ],
        people=[
            PersonFound(
                contact_id=one.contact.pk, name=[Segment.from_orm(piece) for piece in one.name]
            )
            for one in results.people
        ],
        next_cursor=results.next_cursor,
    )
