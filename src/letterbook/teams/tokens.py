"""API tokens: a program acts as one member of one team."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from letterbook.kit.refusals import Invalid
from letterbook.kit.secrets import digest_token, new_token
from letterbook.teams.audit import record_audit
from letterbook.teams.models import ApiToken, Membership

LONGEST_NAME = 80
_NOTE_USE_EVERY = timedelta(minutes=1)


@transaction.atomic
def create_token(member: Membership, *, name: str, at: datetime) -> str:
    """Create a token and return it: shown once, kept only as a digest."""
    name = _checked(name)
    token = new_token("lbk")
    ApiToken.objects.create(
        team_id=member.team_id, member=member, name=name, token_digest=digest_token(token)
    )
    record_audit("token created", team_id=member.team_id, user=member.user, at=at, name=name)
    return token


def _checked(name: str) -> str:
    name = name.replace("\0", "").strip()
    if not name:
        raise Invalid("A token needs a name, so that you know later what it is for.", field="name")
    if len(name) > LONGEST_NAME:
        raise Invalid(f"A name can have {LONGEST_NAME} characters at most.", field="name")
    return name


def member_for_token(token: str, *, at: datetime) -> Membership | None:
    """Return whom a token speaks for, None when it is unknown, revoked, or its person was made inactive."""
    found = (
        ApiToken.objects.filter(
            token_digest=digest_token(token), revoked_at=None, member__user__is_active=True
        )
        .select_related("member__user", "member__team")
        .first()
    )
    if found is None:
        return None
    # Once a minute is exact enough, and spares a write for every request.
    ApiToken.objects.filter(
        Q(last_used_at=None) | Q(last_used_at__lt=at - _NOTE_USE_EVERY), pk=found.pk
    ).update(last_used_at=at)
    member = found.member
    member.acting_token = found
    return member


@transaction.atomic
def revoke_token(member: Membership, *, token: ApiToken, at: datetime) -> None:
    """End a token at once."""
    ApiToken.objects.visible_to(member).filter(pk=token.pk, revoked_at=None).update(revoked_at=at)
    record_audit("token revoked", team_id=member.team_id, user=member.user, at=at, name=token.name)
