"""Breaking the glass: an owner or admin of the team opens a team-mate's mailbox, for a day, in the open."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from procrastinate.contrib.django import app

from letterbook.correspondence.models import Admission
from letterbook.kit.refusals import Conflict, Invalid, NotAllowed, NotFound
from letterbook.mailboxes.models import Mailbox
from letterbook.mime.characters import single_line
from letterbook.teams.audit import record_audit
from letterbook.teams.events import announce
from letterbook.teams.models import Membership

OPEN_FOR = timedelta(hours=24)
SHORTEST_REASON = 10
_LONGEST_REASON = 500


@transaction.atomic
def break_glass(member: Membership, mailbox: Mailbox, *, reason: str, at: datetime) -> Admission:
    """Let oneself read a team-mate's mailbox for 24 hours; they are told at once, and the audit log keeps it.

    What they made private by hand stays shut. Raises `NotAllowed` for who does not administer the team, `Invalid`
    without a reason, and `Conflict` where it is open already.
    """
    _check_may_break(member, mailbox)
    reason = single_line(reason).strip()
    if not SHORTEST_REASON <= len(reason) <= _LONGEST_REASON:
        raise Invalid(
            "Write down why, in a sentence: its owner and the audit log keep it.", field="reason"
        )
    # Two that press at once: the second waits here, and then finds it open.
    Mailbox.objects.select_for_update(no_key=True).get(pk=mailbox.pk)
    standing = Admission.objects.in_force().filter(mailbox=mailbox, user=member.user)
    if standing.filter(is_glass=True).exists():
        raise Conflict("It is open to you already.", way_out="It closes by itself.")
    broken = Admission.objects.create(
        team_id=mailbox.team_id,
        mailbox=mailbox,
        user=member.user,
        is_glass=True,
        reason=reason,
        begins_at=at,
        ends_at=at + OPEN_FOR,
    )
    app.configure_task("tell_of_broken_glass", queue="upkeep").defer(admission_id=str(broken.pk))
    announce("mailbox", team_id=mailbox.team_id, row_id=mailbox.pk, user_id=mailbox.owner_id)
    announce("activity", team_id=mailbox.team_id, user_id=member.user_id)
    record_audit(
        "glass broken",
        team_id=mailbox.team_id,
        user=member.user,
        at=at,
        subject=("mailbox", mailbox.pk),
        reason=reason,
        until=broken.ends_at.isoformat() if broken.ends_at else "",
    )
    return broken


def open_glass(member: Membership, mailbox: Mailbox) -> Admission | None:
    """Return by what this member may read the mailbox for a day, where they broke its glass and it has not ended."""
    broken = Admission.objects.visible_to(member).in_force().filter(is_glass=True)
    return broken.filter(mailbox=mailbox, user=member.user_id).first()


def glass_to_notice(member: Membership) -> list[Admission]:
    """Return who broke the glass of a mailbox of one's own, until one says that one has read of it."""
    own = Admission.objects.visible_to(member).filter(is_glass=True, noticed_at=None)
    mine = own.filter(mailbox__owner_id=member.user_id).select_related("user", "mailbox")
    return list(mine.order_by("-begins_at", "-id")[:50])


def notice_glass(member: Membership, admission_id: UUID, *, at: datetime) -> None:
    """Keep that the owner of the mailbox has read of it; raise `NotFound` for what is not theirs."""
    own = Admission.objects.visible_to(member).filter(
        pk=admission_id, is_glass=True, mailbox__owner_id=member.user_id
    )
    if not own.filter(noticed_at=None).update(noticed_at=at) and not own.exists():
        raise NotFound("There is no such notice.")


def _check_may_break(member: Membership, mailbox: Mailbox) -> None:
    if mailbox.team_id != member.team_id:
        raise NotFound("There is no such mailbox.")
    if mailbox.owner_id == member.user_id:
        raise Invalid("It is your own mailbox: you see all of it.", field="reason")
    if not member.may_administer:
        raise NotAllowed(
            f"{mailbox.address} belongs to {mailbox.owner}.",
            way_out="Ask them, or an owner or admin of the team.",
        )
