"""Remote pictures are fetched once: the sender learns of the first look, never of the next."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from uuid import UUID

from letterbook.kit.refusals import NotFound
from letterbook.pictures.fetching import NoPicture, Picture, fetch_picture
from letterbook.pictures.models import RemotePicture
from letterbook.teams.models import Membership

KEPT_FOR = timedelta(days=90)
# A server that was away for a moment is asked again.
_FAILURE_KEPT_FOR = timedelta(minutes=10)
_AT_ONCE = 500


def remote_picture(member: Membership, url: str, *, at: datetime) -> Picture:
    """Return the picture at an address that an email names; raise `NotFound` where there is none to be had.

    The caller has checked that the member may read the email.
    """
    digest = hashlib.sha256(url.encode()).digest()
    kept = RemotePicture.objects.visible_to(member).filter(digest=digest).first()
    if kept is None or (not kept.content and kept.fetched_at < at - _FAILURE_KEPT_FOR):
        kept = _fetch(member.team_id, digest, url, at=at)
    if not kept.content:
        raise NotFound("There is no such picture.")
    return Picture(bytes(kept.content), kept.content_type)


def _fetch(team_id: UUID, digest: bytes, url: str, *, at: datetime) -> RemotePicture:
    try:
        picture = fetch_picture(url)
    except NoPicture:
        picture = Picture(b"", "")
    row = RemotePicture(
        team_id=team_id,
        digest=digest,
        content=picture.content,
        content_type=picture.content_type,
        fetched_at=at,
    )
    # Two that asked at once: either picture will do.
    RemotePicture.objects.bulk_create(
        [row],
        update_conflicts=True,
        unique_fields=["team", "digest"],
        update_fields=["content", "content_type", "fetched_at"],
    )
    return row


def let_old_pictures_go(*, at: datetime) -> int:
    """Delete what was fetched more than `KEPT_FOR` ago, some at a time; return how many."""
    total = 0
    while True:
        old = RemotePicture.objects.filter(fetched_at__lt=at - KEPT_FOR).values("pk")[:_AT_ONCE]
        number, _ = RemotePicture.objects.filter(pk__in=old).delete()
        total += number
        if number < _AT_ONCE:
            return total
