"""What people decide about a connected mailbox: how widely it is shared, what is stored, whether it rests."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from letterbook.kit.refusals import Conflict, NotAllowed
from letterbook.mailboxes.models import Mailbox, MailboxState, Sharing, StoringPolicy
from letterbook.mailboxes.owning import check_may_stop, check_owner
from letterbook.mailboxes.states import announce_mailbox
from letterbook.mime.characters import single_line
from letterbook.teams.audit import record_audit
from letterbook.teams.models import Membership, Team

_LONGEST_REASON = Mailbox._meta.get_field("sending_paused_reason").max_length


@transaction.atomic
def change_sharing(member: Membership, mailbox: Mailbox, *, sharing: Sharing, at: datetime) -> None:
    """Let the team see more or less of one's own mailbox, of its old mail as well as of what comes."""
    check_owner(member, mailbox)
    _change(member, mailbox, "sharing changed", at=at, sharing=sharing)


@transaction.atomic
def propose_sharing(member: Membership, *, sharing: Sharing | None, at: datetime) -> None:
    """Choose what is proposed to whoever of the team connects a mailbox; None for nothing. Admins do."""
    if not member.may_administer:
        raise NotAllowed(
            "What is proposed to the team is decided by its owner and admins.",
            way_out="Choose for your own mailbox, or ask one of them.",
        )
    Team.objects.filter(pk=member.team_id).update(default_sharing=sharing)
    member.team.default_sharing = sharing
    record_audit(
        "sharing proposed",
        team_id=member.team_id,
        user=member.user,
        at=at,
        subject=("team", member.team_id),
        new=sharing.name.lower() if sharing is not None else "nothing",
    )


@transaction.atomic
def change_policy(
    member: Membership, mailbox: Mailbox, *, policy: StoringPolicy, at: datetime
) -> None:
    """Choose whose mail is stored from now on; the next retrieval comes at once."""
    check_owner(member, mailbox)
    _change(member, mailbox, "policy changed", at=at, policy=policy)
    Mailbox.objects.filter(pk=mailbox.pk).update(retrieve_next_at=at)


@transaction.atomic
def pause(member: Membership, mailbox: Mailbox, *, at: datetime) -> None:
    """Neither read from nor send from a mailbox until it is resumed; what is queued waits."""
    check_may_stop(member, mailbox)
    _move(member, mailbox, MailboxState.CONNECTED, MailboxState.PAUSED, at=at)


@transaction.atomic
def resume(member: Membership, mailbox: Mailbox, *, at: datetime) -> None:
    """Read and send again, beginning now; what arrived meanwhile is retrieved."""
    check_may_stop(member, mailbox)
    _move(member, mailbox, MailboxState.PAUSED, MailboxState.CONNECTED, at=at)
    Mailbox.objects.filter(pk=mailbox.pk).update(retrieve_next_at=at)


@transaction.atomic
def pause_sending(member: Membership, mailbox: Mailbox, *, at: datetime, reason: str = "") -> None:
    """Let nothing leave from a mailbox until sending is resumed; retrieval goes on. The reason is for the team."""
    check_may_stop(member, mailbox)
    reason = single_line(reason)[:_LONGEST_REASON]
    _set_sending(member, mailbox, "sending paused", is_paused=True, reason=reason, at=at)


@transaction.atomic
def resume_sending(member: Membership, mailbox: Mailbox, *, at: datetime) -> None:
    """Let what is queued leave again."""
    check_may_stop(member, mailbox)
    _set_sending(member, mailbox, "sending resumed", is_paused=False, reason="", at=at)


def _set_sending(
    member: Membership, mailbox: Mailbox, what: str, *, is_paused: bool, reason: str, at: datetime
) -> None:
    # Compare-and-set: who paused it first, and why, stays written.
    changed = Mailbox.objects.filter(pk=mailbox.pk, is_sending_paused=not is_paused).update(
        is_sending_paused=is_paused,
        sending_paused_reason=reason,
        sending_paused_at=at if is_paused else None,
        sending_paused_by=member.user_id if is_paused else None,
    )
    if changed:
        _record(member, mailbox, what, at=at, reason=reason)
    mailbox.refresh_from_db(
        fields=[
            "is_sending_paused",
            "sending_paused_reason",
            "sending_paused_at",
            "sending_paused_by",
        ]
    )


def _change(
    member: Membership, mailbox: Mailbox, what: str, *, at: datetime, **new: int | str
) -> None:
    """Set one column, and write down what it was and what it is."""
    [(column, value)] = new.items()
    row = Mailbox.objects.select_for_update().get(pk=mailbox.pk)
    old = getattr(row, column)
    if old == value:
        return
    Mailbox.objects.filter(pk=mailbox.pk).update(**new)
    _record(member, mailbox, what, at=at, old=_readable(column, old), new=_readable(column, value))
    mailbox.refresh_from_db(fields=[column])


def _move(
    member: Membership, mailbox: Mailbox, old: MailboxState, new: MailboxState, *, at: datetime
) -> None:
    # Compare-and-set: whoever resumes must not revive a mailbox whose permission died meanwhile.
    moved = Mailbox.objects.filter(pk=mailbox.pk, state=old).update(
        state=new,
        state_since=at,
        state_reason="",
        paused_by=member.user_id if new == MailboxState.PAUSED else None,
    )
    mailbox.refresh_from_db(fields=["state", "state_since", "state_reason", "paused_by"])
    if not moved and mailbox.state != new:
        raise Conflict(
            f"{mailbox.address} is {mailbox.get_state_display().lower()} now.",
            way_out="Reconnect it first."
            if mailbox.state in {MailboxState.NEEDS_RECONNECTING, MailboxState.DISCONNECTED}
            else "Look at it again.",
        )
    if moved:
        _record(member, mailbox, f"mailbox {new.label.lower()}", at=at)


def _record(
    member: Membership, mailbox: Mailbox, what: str, *, at: datetime, **details: str
) -> None:
    record_audit(
        what,
        team_id=mailbox.team_id,
        user=member.user,
        at=at,
        subject=("mailbox", mailbox.pk),
        **details,
    )
    announce_mailbox(mailbox)


def _readable(column: str, value: int | str) -> str:
    return Sharing(value).name.lower() if column == "sharing" else str(value)
