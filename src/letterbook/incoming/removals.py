"""What was deleted at the provider: kept and shown by default, or hidden where a mailbox's owner wants that.

Hiding takes a copy from everyone's sight and nothing else: the row remembers its message, and showing it again is
putting that back. Another mailbox that holds the same email shows it still.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F

from letterbook.correspondence.models import LedgerState, MailboxMessage
from letterbook.correspondence.threading import lock_correspondence
from letterbook.mailboxes.models import Mailbox
from letterbook.mailboxes.owning import check_owner
from letterbook.teams.audit import record_audit
from letterbook.teams.events import announce
from letterbook.teams.models import Membership


@transaction.atomic
def choose_removed_mail(
    member: Membership, mailbox: Mailbox, *, is_hidden: bool, at: datetime
) -> int:
    """Hide what is deleted at Gmail, or show it; return how many emails that concerns now. Nothing is deleted."""
    check_owner(member, mailbox)
    lock_correspondence(mailbox.team_id)
    changed = Mailbox.objects.filter(pk=mailbox.pk, is_removed_mail_hidden=not is_hidden)
    if not changed.update(is_removed_mail_hidden=is_hidden):
        return 0
    mailbox.is_removed_mail_hidden = is_hidden
    concerned = hide_removed(mailbox) if is_hidden else _show_removed(mailbox)
    record_audit(
        "deleted mail hidden" if is_hidden else "deleted mail shown",
        team_id=mailbox.team_id,
        user=member.user,
        at=at,
        subject=("mailbox", mailbox.pk),
    )
    return concerned


def hide_removed(mailbox: Mailbox) -> int:
    """Hide the mailbox's copies of what was deleted at Gmail, if its owner wants that; return how many that were."""
    # Asked anew: the owner may have changed their mind since the mailbox was loaded.
    hidden = MailboxMessage.objects.filter(
        mailbox=mailbox,
        mailbox__is_removed_mail_hidden=True,
        state=LedgerState.STORED,
        is_removed_at_source=True,
    ).update(state=LedgerState.GONE, hidden_message=F("message"), message=None)
    _tell(mailbox, hidden)
    return hidden


def note_not_removed(mailbox: Mailbox, provider_ids: Sequence[str]) -> None:
    """Take back that these were deleted at Gmail: they are there after all. What was hidden for it is shown."""
    rows = MailboxMessage.objects.filter(
        mailbox=mailbox, provider_id__in=provider_ids, is_removed_at_source=True
    )
    hidden = rows.filter(state=LedgerState.GONE, hidden_message__isnull=False)
    shown = hidden.update(
        state=LedgerState.STORED,
        message=F("hidden_message"),
        hidden_message=None,
        is_removed_at_source=False,
    )
    rows.exclude(state=LedgerState.GONE).update(is_removed_at_source=False)
    _tell(mailbox, shown)


def _show_removed(mailbox: Mailbox) -> int:
    shown = MailboxMessage.objects.filter(
        mailbox=mailbox, state=LedgerState.GONE, hidden_message__isnull=False
    ).update(state=LedgerState.STORED, message=F("hidden_message"), hidden_message=None)
    _tell(mailbox, shown)
    return shown


def _tell(mailbox: Mailbox, number: int) -> None:
    if number:
        announce("activity", team_id=mailbox.team_id, mailbox_id=mailbox.pk)
