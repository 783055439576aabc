"""Senders whose remote pictures a person wants to see without being asked each time."""

from __future__ import annotations

from collections.abc import Collection

from letterbook.pictures.models import WelcomeSender
from letterbook.teams.models import Membership


def welcome(member: Membership, key: str) -> None:
    """Always show this person the pictures of the sender with this folded address."""
    WelcomeSender.objects.get_or_create(team_id=member.team_id, member=member, key=key)


def no_longer_welcome(member: Membership, key: str) -> None:
    """Ask this person each time again."""
    WelcomeSender.objects.visible_to(member).filter(key=key).delete()


def welcome_among(member: Membership, keys: Collection[str]) -> set[str]:
    """Return those of some senders, by their folded addresses, whose pictures this person always sees."""
    mine = WelcomeSender.objects.visible_to(member).filter(key__in=list(keys))
    return set(mine.values_list("key", flat=True))


def is_welcome(member: Membership, key: str) -> bool:
    """Return whether this person always sees the pictures of the sender with this folded address."""
    return bool(welcome_among(member, [key]))
