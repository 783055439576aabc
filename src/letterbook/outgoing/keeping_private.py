"""Who sees an email besides its author: nobody, where they keep it private, or as little as its recipients' mail.

Before it is sent the row says it, afterwards the copies do; see docs/decisions/0024.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Min

from letterbook.contacts.models import Contact
from letterbook.correspondence.models import SharingChoice
from letterbook.correspondence.sharing.choosing import share_contact
from letterbook.correspondence.sharing.keeping_private import (
    keep_email_private,
    keep_stored_private,
    share_email_again,
)
from letterbook.correspondence.threading import lock_correspondence
from letterbook.kit.refusals import NotAllowed
from letterbook.mailboxes.models import Sharing
from letterbook.outgoing.models import OutgoingEmail
from letterbook.outgoing.status import Status
from letterbook.outgoing.writable import lock_writable
from letterbook.teams.audit import record_audit
from letterbook.teams.events import announce
from letterbook.teams.models import Membership


@transaction.atomic
def keep_private(
    member: Membership, email: OutgoingEmail, *, is_private: bool, at: datetime
) -> None:
    """Keep an email of any status from the team, or share it as its mailbox is; its mailbox's owner decides."""
    lock_correspondence(member.team_id)
    found = lock_writable(member, email)
    if found.mailbox.owner_id != member.user_id:
        raise NotAllowed(
            "Only the owner of the mailbox decides who sees its mail.", way_out="Ask them."
        )
    if found.is_private != is_private:
        OutgoingEmail.objects.filter(pk=found.pk).update(is_private=is_private, updated_at=at)
        found.is_private = is_private
        _let_copies_follow(found, at=at)
        _tell(member, found, at=at)
    email.refresh_from_db(fields=["is_private", "updated_at"])


def _let_copies_follow(email: OutgoingEmail, *, at: datetime) -> None:
    if not email.is_private:
        share_email_again(email.pk, email.team_id)
        return
    keys = list(email.frozen.values_list("send_key", flat=True))
    keep_email_private(email.pk, email.mailbox, send_keys=keys, at=at)
    if email.message_id is not None:
        keep_stored_private(email.pk, email.team_id, [email.message_id])


def _tell(member: Membership, email: OutgoingEmail, *, at: datetime) -> None:
    # Whoever sees it no longer has to hear of it all the same, to take it off their page.
    announce("outgoing", team_id=email.team_id, row_id=email.pk, mailbox_id=email.mailbox_id)
    if email.status == Status.SENT:
        announce("activity", team_id=email.team_id)
        # Which email it is is its author's business; the log is the team's.
        record_audit(
            "sharing of an email changed",
            team_id=email.team_id,
            user=member.user,
            at=at,
            subject=("mailbox", email.mailbox_id),
            new="private" if email.is_private else "as the mailbox",
        )


@transaction.atomic
def share_contact_and_unsent(
    member: Membership, contact: Contact, *, level: Sharing | None, at: datetime
) -> int:
    """Share one's own mail with a contact at this level, and what waits to be sent to them; as `share_contact`."""
    changed = share_contact(member, contact, level=level, at=at)
    unsent = OutgoingEmail.objects.filter(
        team_id=member.team_id, mailbox__owner_id=member.user_id, message=None
    ).exclude(status=Status.DRAFT)
    for email in unsent.filter(recipients__contact=contact).distinct().only("mailbox_id"):
        settle_until_sent(email)
    return changed


def settle_until_sent(email: OutgoingEmail) -> None:
    """Write down how narrowly the mailbox's owner shares mail with whom it goes to, which holds until it is sent."""
    keys = list(email.recipients.values_list("key", flat=True))
    choices = SharingChoice.objects.filter(mailbox=email.mailbox_id, keys__overlap=keys)
    narrowest = choices.aggregate(level=Min("level"))["level"]
    OutgoingEmail.objects.filter(pk=email.pk).update(unsent_sharing=narrowest)
