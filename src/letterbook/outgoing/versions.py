"""Keeping what a draft said before, and taking it back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q

from letterbook.kit.refusals import NotFound
from letterbook.outgoing.draft_versions import DraftVersion
from letterbook.outgoing.models import OutgoingEmail, Recipient, RecipientKind
from letterbook.outgoing.status import Status
from letterbook.teams.models import Membership

# Keeping what was typed happens every few seconds; who deletes much wants what stood there a moment ago.
_NOT_WITHIN = timedelta(minutes=2)
_MUCH = 200
MOST_KEPT = 20
_MOST_LETTERS = 4_000_000
_KEPT_WHEN_DISCARDED = timedelta(days=1)


def keep_version(draft: OutgoingEmail, *, html: str, at: datetime) -> None:
    """Keep what a locked draft says, which is about to be replaced by `html`, where that is worth keeping."""
    if _is_worth_keeping(draft, html, at=at):
        rows = sorted(draft.recipients.all(), key=lambda row: row.position)
        DraftVersion.objects.create(
            email=draft,
            team_id=draft.team_id,
            version=draft.version,
            replaced_at=at,
            keys=[row.key for row in rows],
            subject=draft.subject,
            html=draft.html,
            **{
                str(kind): _typed(row for row in rows if row.kind == kind) for kind in RecipientKind
            },
        )
        _drop_oldest(draft)


def _is_worth_keeping(draft: OutgoingEmail, html: str, *, at: datetime) -> bool:
    if not (draft.html or draft.subject):
        return False
    if len(html) + _MUCH < len(draft.html):
        return True
    newest = draft.earlier.order_by("-version").values_list("replaced_at", flat=True).first()
    return max(filter(None, [newest, draft.created_at])) <= at - _NOT_WITHIN


def _typed(rows: Iterable[Recipient]) -> str:
    return ", ".join(row.as_typed() for row in rows)


def _drop_oldest(draft: OutgoingEmail) -> None:
    """Keep so many, and no more letters than an email may have; the newest is always kept."""
    room, dropped = _MOST_LETTERS, []
    kept = draft.earlier.order_by("-version").values_list("pk", "html")
    for number, (pk, html) in enumerate(kept):
        room -= len(html)
        if number and (number >= MOST_KEPT or room < 0):
            dropped.append(pk)
    DraftVersion.objects.filter(pk__in=dropped).delete()


def versions_of(member: Membership, email: OutgoingEmail) -> list[DraftVersion]:
    """Return the earlier versions of a draft, the newest first."""
    return list(DraftVersion.objects.visible_to(member).filter(email=email).order_by("-version"))


def find_version(member: Membership, email: OutgoingEmail, version: int) -> DraftVersion:
    """Return one earlier version of a draft, or raise `NotFound`."""
    kept = DraftVersion.objects.visible_to(member).filter(email=email, version=version).first()
    if kept is None:
        raise NotFound("There is no such version.", way_out="Perhaps newer ones took its place.")
    return kept


def forget_versions(*, at: datetime) -> int:
    """Delete the versions of what is sent, or was discarded a day ago; return how many."""
    over = Q(email__status=Status.SENT) | Q(email__discarded_at__lt=at - _KEPT_WHEN_DISCARDED)
    return DraftVersion.objects.filter(over).delete()[0]
