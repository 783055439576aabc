"""The story of an outgoing email in plain words, as its page and the command line tell it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.utils import timezone
from ninja import Router, Schema
from pydantic import Field

from letterbook.api.outgoing_finding import find_outgoing
from letterbook.api.outgoing_shapes import ExpectationShown
from letterbook.api.shapes import answers
from letterbook.api.tokens import TokenRequest
from letterbook.outgoing.story import tell_story

router = Router(tags=["outgoing emails"])


class StoryLineShown(Schema):
    """One thing that happened: `title` and `text` make a sentence, `evidence` is the provider's own answer."""

    at: datetime
    kind: str = Field(
        description="what it is about, as draft, accepted, refused, bounced or answered"
    )
    title: str
    text: str
    attempt: int | None
    evidence: str
    message_id: UUID | None = Field(description="the stored email that tells it")


class StoryShown(Schema):
    """All that happened, oldest first, and what is expected next; `flaws` says where its log was changed."""

    lines: list[StoryLineShown]
    expected: ExpectationShown | None
    flaws: list[str]


@router.get(
    "/outgoing-emails/{email_id}/story", response=answers(StoryShown), operation_id="get_story"
)
def get_story(request: TokenRequest, email_id: UUID) -> StoryShown:
    """What became of an email, as far as you may know: moves, attempts, decisions, bounces, replies."""
    email = find_outgoing(request.auth, email_id)
    story = tell_story(email, member=request.auth, at=timezone.now())
    return StoryShown(
        lines=[StoryLineShown.from_orm(line) for line in story.lines],
        expected=ExpectationShown.model_validate(story.expectation) if story.expectation else None,
        flaws=list(story.flaws),
    )
