"""How much a member sees of an outgoing email: of their own all, of a team-mate's as far as it is shared.

It is shared as far as its mailbox is, and no further than its copies are: what an owner keeps to themselves of a
conversation, a contact or a label holds for what they sent into it too. What its author keeps private is nobody else's,
and what is not sent yet is shared no further than mail with whom it goes to.
"""

from __future__ import annotations

from django.db.models import BooleanField, IntegerField

from letterbook.correspondence.access import Reach
from letterbook.correspondence.copy_conditions import Written
from letterbook.correspondence.models import is_held
from letterbook.mailboxes.models import Sharing
from letterbook.teams.models import Membership

_OWN = "({author} = %s OR {own_box} = ANY (%s::uuid[]))"
_NOT_OWN = "false"


def is_own(member: Membership, reach: Reach) -> Written:
    """Return the condition "the member wrote this email, or it leaves from a mailbox of theirs"."""
    own, values = _own(member, reach)
    return Written(own, values, BooleanField(), author="author_id", own_box="mailbox_id")


def is_known(
    member: Membership, reach: Reach, *, email: str = "", with_drafts: bool = False
) -> Written:
    """Return the condition "the member may know of this email"; of a team-mate's drafts only `with_drafts`.

    `email` leads from a row to its email: "email__".
    """
    own, own_values = _own(member, reach)
    shared, values = _is_shared(reach, level=Sharing.METADATA)
    is_out = "true" if with_drafts else "{status} <> 'draft'"
    text = f"({own} OR ({is_out} AND {shared}))"
    return Written(text, (*own_values, *values), BooleanField(), **_columns(email))


def level_seen(member: Membership, reach: Reach, *, email: str = "") -> Written:
    """Return how much of an email the member sees, who may know of it."""
    own, own_values = _own(member, reach)
    full, full_values = _is_shared(reach, level=Sharing.FULL)
    subject, subject_values = _is_shared(reach, level=Sharing.SUBJECT)
    text = f"CASE WHEN {own} OR {full} THEN 3 WHEN {subject} THEN 2 ELSE 1 END"
    values = (*own_values, *full_values, *subject_values)
    return Written(text, values, IntegerField(), **_columns(email))


def _own(member: Membership, reach: Reach) -> tuple[str, tuple[object, ...]]:
    # Whoever looks as a team-mate sees nothing as their own.
    if member.looking_as is not None:
        return _NOT_OWN, ()
    return _OWN, (member.user_id, sorted(reach.own))


def _is_shared(reach: Reach, *, level: Sharing) -> tuple[str, tuple[object, ...]]:
    message, values = is_held(reach, level=level, of="message")
    answers, _ = is_held(reach, level=level, of="answers")
    text = (
        "({box} = ANY (%s::uuid[])"
        f" AND NOT {{private}} AND ({{message}} IS NOT NULL OR coalesce({{unsent}}, {int(level)}) >= {int(level)})"
        f" AND ({{message}} IS NULL OR {message}) AND ({{answers}} IS NULL OR {answers}))"
    )
    return text, (reach.at_least(level), *values, *values)


def _columns(email: str) -> dict[str, str]:
    shared = {name: f"{email}{name}_id" for name in ("message", "answers")}
    return {
        "author": "author_id",
        "own_box": "mailbox_id",
        "box": f"{email}mailbox_id",
        "status": f"{email}status",
        "private": f"{email}is_private",
        "unsent": f"{email}unsent_sharing",
        **shared,
    }
