"""What became of sent emails: bounces, delays, complaints, automatic replies and replies."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from ninja import Query, Router, Schema
from pydantic import Field

from letterbook.api.shapes import Cursor, Limit, Moment, Page, Shown, answers
from letterbook.api.tokens import TokenRequest
from letterbook.correspondence.later_facts import SeenFact, later_facts_of, list_later_facts
from letterbook.correspondence.models import FactKind
from letterbook.teams.models import Membership

router = Router(tags=["later facts"])


class LaterFactShown(Shown):
    """Something that became of a sent email, whose status stays `sent`. What your access leaves out is blank."""

    message_id: UUID = Field(description="the sent email")
    evidence_id: UUID = Field(description="the message that tells it")
    kind: FactKind
    at: datetime
    recipient: str = Field(description="the address it is about; empty where nobody can tell")
    contact_id: UUID | None
    is_hard: bool | None = Field(description="of a bounce: whether the address itself is no good")
    status_code: str = Field(description="the enhanced status code (RFC 3463)")
    diagnostic: str = Field(description="the mail server's own words")
    back_on: date | None = Field(description="of an automatic reply: the day named for being back")
    after_seconds: int | None = Field(description="of a reply: how long it took")


class LaterFactsWanted(Schema):
    """Which facts a list shows."""

    kind: FactKind | None = None
    since: Moment | None = None


@router.get("/later-facts", response=answers(Page[LaterFactShown]), operation_id="list_later_facts")
def get_later_facts(
    request: TokenRequest,
    wanted: Query[LaterFactsWanted],
    cursor: Cursor = "",
    limit: Limit = 50,
) -> Page[LaterFactShown]:
    """What became of the team's emails as far as you may know, the latest first."""
    page = list_later_facts(
        request.auth, kind=wanted.kind, since=wanted.since, cursor=cursor, limit=limit
    )
    return Page(items=[_shown(fact) for fact in page.facts], next_cursor=page.next_cursor)


def show_later_facts(message_id: UUID | None, *, member: Membership) -> list[LaterFactShown]:
    """Return what became of one sent email, oldest first; nothing of one that was not sent."""
    if message_id is None:
        return []
    facts: Sequence[SeenFact] = later_facts_of([message_id], member=member).get(message_id, ())
    return [_shown(fact) for fact in facts]


def _shown(fact: SeenFact) -> LaterFactShown:
    return LaterFactShown(
        message_id=fact.message_id,
        evidence_id=fact.evidence_id,
        kind=fact.kind,
        at=fact.at,
        recipient=fact.recipient,
        contact_id=fact.contact_id,
        is_hard=fact.is_hard,
        status_code=fact.status_code,
        diagnostic=fact.diagnostic,
        back_on=fact.back_on,
        after_seconds=int(fact.after.total_seconds()) if fact.after else None,
    )
