"""What an email is about: links to records of any type, ours or another system's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from letterbook.kit.refusals import Invalid, NotFound
from letterbook.mime.characters import single_line
from letterbook.outgoing.models import OutgoingEmail, OutgoingEmailQuerySet, Regarding
from letterbook.outgoing.subject_types import find_subject_type, words_of
from letterbook.outgoing.writable import lock_writable
from letterbook.teams.models import Membership

MOST_LINKS = 50
LONGEST_ID = 120
_WEB = re.compile(r"https?://[^\s/\\\"'<>][^\s\"'<>]{0,1980}")


@dataclass(frozen=True, slots=True)
class Subject:
    """A record that an email is about, in words: `type` is the registry's name of its kind, `kind` the word for it."""

    type: str
    id: str
    kind: str
    label: str
    url: str


@transaction.atomic
def link_subject(
    member: Membership,
    email: OutgoingEmail,
    *,
    subject_type: str,
    subject_id: str,
    label: str = "",
    url: str = "",
    at: datetime,
) -> Regarding:
    """Say that an email, in any status, is about a record; linking it twice is the same as once.

    Raises `Invalid` for an unknown type or what is no link, and `NotFound` for a record this member does not have.
    """
    own = lock_writable(member, email)
    kind = find_subject_type(subject_type)
    subject_id = _check_id(subject_id)
    if kind.find is not None:
        label = kind.find(member, subject_id)
    defaults = {
        "team_id": own.team_id,
        "label": single_line(label)[:200],
        "url": _check_url(url),
        "added_at": at,
    }
    known = own.regarding.filter(subject_type=kind.name, subject_id=subject_id)
    if not known.exists() and own.regarding.count() >= MOST_LINKS:
        raise Invalid(
            f"An email can be about at most {MOST_LINKS} records.", way_out="Remove one first."
        )
    link, _ = Regarding.objects.get_or_create(
        email=own, subject_type=kind.name, subject_id=subject_id, defaults=defaults
    )
    return link


def _check_id(subject_id: str) -> str:
    stripped = single_line(subject_id)
    if not 0 < len(stripped) <= LONGEST_ID:
        raise Invalid(f"A record is named by 1 to {LONGEST_ID} characters.", field="subject_id")
    return stripped


def _check_url(url: str) -> str:
    stripped = url.strip()
    if stripped and not _WEB.fullmatch(stripped):
        raise Invalid(
            "This is no link to a page.", way_out="It begins with https:// or http://.", field="url"
        )
    return stripped


@transaction.atomic
def unlink_subject(
    member: Membership, email: OutgoingEmail, *, subject_type: str, subject_id: str
) -> None:
    """Take a link away; raise `NotFound` when there is none."""
    own = lock_writable(member, email)
    removed, _ = own.regarding.filter(subject_type=subject_type, subject_id=subject_id).delete()
    if not removed:
        raise NotFound("This email is not linked to that record.")


def subjects_of(email: OutgoingEmail) -> tuple[Subject, ...]:
    """Return what an email is about, in the order it was linked; nothing for whom its subject is hidden from.

    A record that is gone keeps the name it had when it was linked.
    """
    if not email.may_read_subject:
        return ()
    links = sorted(email.regarding.all(), key=lambda link: link.pk)
    return tuple(
        Subject(
            type=link.subject_type,
            id=link.subject_id,
            kind=words_of(link.subject_type),
            label=link.label or link.subject_id,
            url=link.url,
        )
        for link in links
    )


def emails_about(
    member: Membership, *, subject_type: str, subject_id: str
) -> OutgoingEmailQuerySet:
    """Return the outgoing email about a record that this member may know of, newest first."""
    linked = OutgoingEmail.objects.visible_to(member).filter(
        regarding__subject_type=subject_type, regarding__subject_id=subject_id
    )
    return linked.order_by("-created_at", "-id")
