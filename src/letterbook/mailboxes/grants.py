"""A mailbox's tokens at rest: sealed, and bound to table, column, mailbox and team, so that none opens elsewhere."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from letterbook.kit.refusals import NotNow
from letterbook.kit.secrets import SecretBox, SecretUnreadable
from letterbook.mailboxes.models import Grant, Mailbox
from letterbook.providers.gmail.tokens import TokenSet
from letterbook.teams.audit import record_audit

_log = structlog.get_logger(__name__)


def check_can_seal() -> None:
    """Raise `NotNow` where this installation has no key to seal a permission with."""
    try:
        _box()
    except SecretUnreadable as error:
        raise NotNow(
            "This Letterbook has no key to keep a permission safe with.",
            way_out="An admin of this server sets LETTERBOOK_SECRET_KEYS.",
            code="no_secret_keys",
        ) from error


def keep_tokens(mailbox: Mailbox, tokens: TokenSet, *, at: datetime) -> None:
    """Seal what Google granted, in place of what was granted before."""
    Grant.objects.update_or_create(
        mailbox=mailbox,
        defaults={
            "team_id": mailbox.team_id,
            "refresh_token_sealed": _seal(mailbox, "refresh", tokens.refresh_token),
            "access_token_sealed": _seal(mailbox, "access", tokens.access_token),
            "access_expires_at": tokens.expires_at,
            "scopes": " ".join(sorted(tokens.scopes)),
            "granted_at": at,
        },
    )


def keep_refreshed(grant: Grant, tokens: TokenSet) -> None:
    """Seal refreshed tokens into the same grant; Google repeats its refresh token, other servers rotate theirs."""
    Grant.objects.filter(pk=grant.pk).update(
        refresh_token_sealed=_seal(grant.mailbox, "refresh", tokens.refresh_token),
        access_token_sealed=_seal(grant.mailbox, "access", tokens.access_token),
        access_expires_at=tokens.expires_at,
        scopes=" ".join(sorted(tokens.scopes)),
    )


def lock_grants(mailboxes: QuerySet[Mailbox]) -> list[Grant]:
    """Return the grants of these mailboxes, locked until the caller's transaction ends."""
    return list(Grant.objects.select_for_update().filter(mailbox__in=mailboxes))


def open_refresh_token(grant: Grant) -> str:
    """Return the lasting token; raise `SecretUnreadable` when no key opens it or it is another row's."""
    return _box().open(bytes(grant.refresh_token_sealed), binding=_binding(grant, "refresh"))


def open_access_token(grant: Grant) -> str:
    """Return the short-lived token, empty when there is none; raise `SecretUnreadable` as above."""
    if grant.access_token_sealed is None:
        return ""
    return _box().open(bytes(grant.access_token_sealed), binding=_binding(grant, "access"))


def is_readable(grant: Grant) -> bool:
    """Whether the keys in force open this grant."""
    try:
        open_refresh_token(grant)
    except SecretUnreadable:
        return False
    return True


def rotate_secrets(*, at: datetime) -> int:
    """Seal every grant anew with the first key and return how many; what no key opens stays as it is.

    Safe while everything runs: each row is locked for an instant, and all keys in force open both forms.
    """
    # The keys are few and small: one query for them, then one short transaction a grant.
    sealed_anew = [pk for pk in Grant.objects.values_list("pk", flat=True) if _rotate_one(pk)]
    teams = Grant.objects.filter(pk__in=sealed_anew).values_list("team_id", flat=True).distinct()
    for team_id in teams:
        record_audit("grants sealed anew", team_id=team_id, user=None, at=at)
    return len(sealed_anew)


@transaction.atomic
def _rotate_one(mailbox_id: UUID) -> bool:
    grant = Grant.objects.select_for_update().filter(pk=mailbox_id).first()
    if grant is None:
        return False
    try:
        grant.refresh_token_sealed = _box().rotate(bytes(grant.refresh_token_sealed))
        if grant.access_token_sealed is not None:
            grant.access_token_sealed = _box().rotate(bytes(grant.access_token_sealed))
    except SecretUnreadable:
        _log.warning("grant unreadable", mailbox=str(mailbox_id))
        return False
    grant.save(update_fields=["refresh_token_sealed", "access_token_sealed"])
    return True


def _seal(mailbox: Mailbox, column: str, token: str) -> bytes:
    return _box().seal(token, binding=_bind(mailbox.pk, mailbox.team_id, column))


def _binding(grant: Grant, column: str) -> str:
    return _bind(grant.mailbox_id, grant.team_id, column)


def _bind(mailbox_id: UUID, team_id: UUID, column: str) -> str:
    return f"mailboxes_grant.{column}:{mailbox_id}:{team_id}"


def _box() -> SecretBox:
    try:
        return SecretBox(settings.SECRET_KEYS)
    except ValueError as error:
        raise SecretUnreadable("LETTERBOOK_SECRET_KEYS holds no usable key.") from error
