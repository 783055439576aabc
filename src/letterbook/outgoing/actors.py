"""Who moves an email."""

from __future__ import annotations

from uuid import UUID

from django.db import models

from letterbook.teams.models import Membership


class ActorKind(models.TextChoices):
    PERSON = "person", "person"
    API = "api", "API token"
    WORKER = "worker", "worker"


class Actor:
    """Who moves an email: a person, a program with a person's token (whose name is kept), or the worker."""

    def __init__(self, kind: ActorKind, user_id: UUID | None = None, *, name: str = "") -> None:
        self.kind = kind
        self.user_id = user_id
        self.name = name

    @classmethod
    def person(cls, member: Membership) -> Actor:
        """A team member acting by themselves."""
        return cls(ActorKind.PERSON, member.user_id)

    @classmethod
    def token(cls, member: Membership) -> Actor:
        """A program acting with a member's token."""
        name = member.acting_token.name if member.acting_token else ""
        return cls(ActorKind.API, member.user_id, name=name)


WORKER = Actor(ActorKind.WORKER)
