"""The moves of a mailbox's state that its provider brings about; what its owner does is in `keeping`."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from letterbook.mailboxes.models import Grant, Mailbox, MailboxState, Trouble
from letterbook.teams.audit import record_audit
from letterbook.teams.events import announce

_MAX_REASON = Mailbox._meta.get_field("state_reason").max_length
# While the consent screen is in Testing, Google ends every permission after seven days. It says only that it ended.
_SEVEN_DAYS = (timedelta(days=6, hours=20), timedelta(days=8))
_WORKS_OR_RESTS = (MailboxState.CONNECTED, MailboxState.PAUSED)


@transaction.atomic
def mark_needs_reconnecting(
    mailbox: Mailbox, *, reason: str, trouble: Trouble = Trouble.REVOKED, at: datetime
) -> bool:
    """Stop a mailbox whose permission is dead and tell its owner; return whether this call did it.

    Compare-and-set: of many workers that meet the dead permission at once, one moves it and one notice goes out.
    """
    if trouble == Trouble.REVOKED and _is_seven_days_old(mailbox, at=at):
        trouble = Trouble.SEVEN_DAYS
    moved = Mailbox.objects.filter(pk=mailbox.pk, state__in=_WORKS_OR_RESTS).update(
        state=MailboxState.NEEDS_RECONNECTING,
        state_reason=reason[:_MAX_REASON],
        state_since=at,
        paused_by=None,
        trouble=trouble,
    )
    if moved:
        record_audit(
            "mailbox needs reconnecting",
            team_id=mailbox.team_id,
            user=None,
            at=at,
            subject=("mailbox", mailbox.pk),
            reason=reason[:_MAX_REASON],
        )
        announce_mailbox(mailbox)
    _reread_state(mailbox)
    return bool(moved)


@transaction.atomic
def mark_connected(mailbox: Mailbox, *, at: datetime) -> None:
    """Let a mailbox with a working permission be read and sent from, beginning now."""
    Mailbox.objects.filter(pk=mailbox.pk).update(
        state=MailboxState.CONNECTED,
        state_reason="",
        state_since=at,
        paused_by=None,
        trouble="",
        retrieval_error="",
        retrieve_next_at=at,
    )
    announce_mailbox(mailbox)
    _reread_state(mailbox)


def announce_mailbox(mailbox: Mailbox) -> None:
    """Tell open pages that a mailbox fares differently; the whole team sees how mailboxes fare."""
    announce("mailbox", team_id=mailbox.team_id, row_id=mailbox.pk)


def _is_seven_days_old(mailbox: Mailbox, *, at: datetime) -> bool:
    least, most = _SEVEN_DAYS
    return Grant.objects.filter(
        mailbox=mailbox, granted_at__lte=at - least, granted_at__gte=at - most
    ).exists()


def _reread_state(mailbox: Mailbox) -> None:
    mailbox.refresh_from_db(
        fields=[
            "state",
            "state_reason",
            "state_since",
            "paused_by",
            "trouble",
            "retrieval_error",
            "retrieve_next_at",
        ]
    )
