"""Ending a connection: at Google, and here."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from letterbook.kit.secrets import SecretUnreadable
from letterbook.mailboxes.grants import lock_grants, open_refresh_token
from letterbook.mailboxes.models import Grant, Mailbox, MailboxState
from letterbook.mailboxes.owning import check_may_stop
from letterbook.mailboxes.revoking import end_permission
from letterbook.mailboxes.states import announce_mailbox
from letterbook.teams.audit import record_audit
from letterbook.teams.models import Membership

STILL_ALLOWED = (
    "Google could not be asked to end its permission. "
    "Remove Letterbook at myaccount.google.com/permissions."
)


def disconnect(member: Membership, mailbox: Mailbox, *, at: datetime) -> bool:
    """Stop reading and sending and forget the permission; return whether Google ended it too. Stored mail stays.

    The caller first takes back what is queued from this mailbox (`outgoing` lies above). To remove the stored mail
    as well, call `correspondence.erasing.disconnect_and_erase`.
    """
    check_may_stop(member, mailbox)
    # Google is asked first: if this process dies in between, what is left is a dead permission, not a forgotten one.
    is_ended = _end_at_google(mailbox)
    _forget(member, mailbox, is_ended=is_ended, at=at)
    return is_ended


def _end_at_google(mailbox: Mailbox) -> bool:
    grant = Grant.objects.filter(pk=mailbox.pk).first()
    if grant is None:
        return True
    try:
        token = open_refresh_token(grant)
    except SecretUnreadable:
        return False
    return end_permission(token, address_key=mailbox.address_key, besides=mailbox)


@transaction.atomic
def _forget(member: Membership, mailbox: Mailbox, *, is_ended: bool, at: datetime) -> None:
    for grant in lock_grants(Mailbox.objects.filter(pk=mailbox.pk)):
        grant.delete()
    Mailbox.objects.filter(pk=mailbox.pk).update(
        state=MailboxState.DISCONNECTED,
        state_reason="" if is_ended else STILL_ALLOWED,
        state_since=at,
        paused_by=None,
        retrieve_next_at=None,
        retrieval_error="",
    )
    record_audit(
        "mailbox disconnected",
        team_id=mailbox.team_id,
        user=member.user,
        at=at,
        subject=("mailbox", mailbox.pk),
        address=mailbox.address,
        google_was_unreachable=not is_ended,
    )
    announce_mailbox(mailbox)
    mailbox.refresh_from_db()
