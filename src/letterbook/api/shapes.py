"""Shapes that several resources share: text without NULs, pages, people, emails as far as they may be seen."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Generic, Literal, TypeVar
from uuid import UUID

from ninja import Schema
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from letterbook.api.problems import Problem
from letterbook.correspondence.showing import PersonOnIt, SeenMessage
from letterbook.mailboxes.models import Sharing
from letterbook.teams.models import User

Item = TypeVar("Item")


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("A text cannot hold the character NUL.")
    return text


def _in_utc(moment: datetime) -> datetime:
    """PostgreSQL refuses offsets that Python takes."""
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("There is no such moment in UTC.") from error


Text = Annotated[str, AfterValidator(_without_nul)]
Cursor = Annotated[Text, Field(description="next_cursor of the page before", max_length=2_000)]
Limit = Annotated[int, Field(description="how many at most", ge=1, le=200)]
Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
Access = Literal["metadata", "subject", "full"]
Direction = Literal["in", "out"]

ACCESS: dict[Sharing, Access] = {
    Sharing.METADATA: "metadata",
    Sharing.SUBJECT: "subject",
    Sharing.FULL: "full",
}


class Given(Schema):
    """What a request may contain; an unknown field is refused, so that nothing is set by accident or on the sly."""

    model_config = ConfigDict(extra="forbid")


class Shown(BaseModel):
    """What an answer contains, by the dozen. A Schema of ninja's costs three times as much: it is read field by field,
    and once more when it is written.
    """

    model_config = ConfigDict(from_attributes=True)


class Page(Shown, Generic[Item]):
    """Some items; `next_cursor` is empty on the last page."""

    items: list[Item]
    next_cursor: str


class TeamMate(Shown):
    """A person of the team."""

    id: UUID
    name: str


class NamedAddress(Shown):
    """An address with the name shown beside it."""

    name: str
    address: str


class PersonOnEmail(NamedAddress):
    """Somebody in an email's header."""

    role: str


class FileOnEmail(Shown):
    """A file that came with an email; `number` is what downloading asks for."""

    number: int
    filename: str
    content_type: str
    size: int
    is_inline: bool


class EmailSeen(Shown):
    """An email as far as its mailboxes are shared with you: `access` says what is left blank."""

    id: UUID
    thread_id: UUID
    direction: str = Field(description="in or out")
    occurred_at: datetime
    access: Access
    subject: str
    snippet: str
    people: list[PersonOnEmail]
    files: list[FileOnEmail]
    is_automatic: bool = Field(
        description="sent by a machine: an absence notice, a bounce, a newsletter"
    )


def answers(shape: Any, *, status: int = 200) -> dict[int, Any]:  # a schema, a list of one, or None
    """Return what an endpoint may answer, for OpenAPI."""
    refusals = (400, 401, 403, 404, 409, 422, 503)
    return {status: shape, **dict.fromkeys(refusals, Problem)}


def team_mate(user: User | None) -> TeamMate | None:
    """Return a person of the team, None for somebody who is gone."""
    return TeamMate(id=user.pk, name=str(user)) if user else None


def show_email(seen: SeenMessage) -> EmailSeen:
    """Return an email as the API shows it to the viewer it was shown for."""
    return EmailSeen(
        id=seen.id,
        thread_id=seen.thread_id,
        direction=seen.direction,
        occurred_at=seen.occurred_at,
        access=ACCESS[seen.access],
        subject=seen.subject,
        snippet=seen.snippet,
        people=[show_person(person) for person in seen.people],
        files=[FileOnEmail.model_validate(attached) for attached in seen.files],
        is_automatic=seen.is_automatic,
    )


def show_person(person: PersonOnIt) -> PersonOnEmail:
    """Return somebody in an email's header as the API shows them."""
    return PersonOnEmail(role=person.role, name=person.name, address=person.address)
