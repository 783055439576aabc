"""Letting people in to mail that is not shared with everybody, and ending that."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from letterbook.contacts.models import Contact
from letterbook.correspondence.models import Admission
from letterbook.correspondence.sharing.settling import settle_addresses, settle_threads
from letterbook.correspondence.threading import lock_correspondence
from letterbook.kit.refusals import NotFound
from letterbook.mailboxes.models import Mailbox
from letterbook.teams.audit import record_audit
from letterbook.teams.events import announce
from letterbook.teams.models import Membership, User

_MOST_SHOWN = 200


def let_in(
    mailbox: Mailbox,
    user: User,
    *,
    thread_id: UUID | None = None,
    contact: Contact | None = None,
    at: datetime,
) -> Admission:
    """Let somebody read a conversation, everything with a contact, or a whole mailbox; once is enough.

    Needs the correspondence lock; whoever calls it has checked that the mailbox's owner wants it.
    """
    keys = None if contact is None else sorted(contact.addresses.values_list("key", flat=True))
    standing = Admission.objects.in_force().filter(mailbox=mailbox, user=user, is_glass=False)
    admission = standing.filter(Q(thread=thread_id), Q(keys=keys)).first()
    if admission is None:
        admission = Admission.objects.create(
            team_id=mailbox.team_id,
            mailbox=mailbox,
            user=user,
            thread_id=thread_id,
            contact=contact,
            keys=keys,
            begins_at=at,
        )
    _settle(admission)
    announce("activity", team_id=mailbox.team_id, user_id=user.pk)
    return admission


def admissions_to(member: Membership, mailbox: Mailbox) -> list[Admission]:
    """Return who may see more of one's own mailbox than the team, newest first; ended ones are left out."""
    own = Admission.objects.visible_to(member).in_force()
    found = own.filter(mailbox=mailbox, mailbox__owner_id=member.user_id)
    loaded = found.select_related("user", "contact", "mailbox").order_by("-begins_at", "-id")
    return list(loaded[:_MOST_SHOWN])


@transaction.atomic
def end_admission(member: Membership, admission_id: UUID, *, at: datetime) -> Admission:
    """End that somebody may see more: by who let them in, or by themselves. Raises `NotFound`.

    Broken glass is ended by who broke it, or by itself.
    """
    lock_correspondence(member.team_id)
    admission = _find(member, admission_id)
    if Admission.objects.filter(pk=admission.pk, ended_at=None).update(ended_at=at):
        _settle(admission)
        announce("activity", team_id=admission.team_id)
        announce("mailbox", team_id=admission.team_id, row_id=admission.mailbox_id)
        record_audit(
            "admission ended",
            team_id=admission.team_id,
            user=member.user,
            at=at,
            subject=("mailbox", admission.mailbox_id),
            who=str(admission.user_id),
        )
    admission.refresh_from_db(fields=["ended_at"])
    return admission


def _find(member: Membership, admission_id: UUID) -> Admission:
    found = Admission.objects.visible_to(member).select_related("mailbox", "user")
    admission = found.filter(pk=admission_id).first()
    if admission is None or (admission.is_glass and admission.user_id != member.user_id):
        raise NotFound("There is no such permission of yours to end.")
    return admission


def _settle(admission: Admission) -> None:
    """Write it into the copies; what opens a whole mailbox is asked for with the mailboxes instead."""
    if admission.thread_id:
        settle_threads([admission.mailbox_id], admission.thread_id)
    if admission.keys:
        settle_addresses(admission.team_id, admission.keys)
