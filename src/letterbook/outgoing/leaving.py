"""Leaving: a mailbox the team, or a person it; what becomes of the mail is decided before, and in the open."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Count

from letterbook.contacts.models import Contact, ContactQuerySet
from letterbook.correspondence.erasing import disconnect_and_erase
from letterbook.correspondence.models import LedgerState, MailboxMessage
from letterbook.kit.refusals import Invalid
from letterbook.mailboxes.disconnecting import disconnect
from letterbook.mailboxes.models import Mailbox, MailboxState
from letterbook.mailboxes.owning import check_may_stop, check_owner
from letterbook.outgoing.models import EmailTemplate, OutgoingEmail
from letterbook.outgoing.status import Status
from letterbook.outgoing.withdrawing import withdraw_queued
from letterbook.teams.audit import record_audit
from letterbook.teams.joining import check_may_remove, remove_member
from letterbook.teams.models import ApiToken, Membership
from letterbook.teams.second_wall import on_the_teams_behalf
from letterbook.timeline.models import Activity, ActivityQuerySet


@dataclass(frozen=True, slots=True)
class LeavingMailbox:
    """A mailbox of somebody who leaves: how many emails are stored from it, and how many wait to be sent."""

    mailbox: Mailbox
    stored: int
    queued: int


@dataclass(frozen=True, slots=True)
class Leaving:
    """What hangs on a membership: what is handed on, and what ends with it.

    Only one's own leaving counts what nobody else sees: else those numbers are 0.
    """

    target: Membership
    is_own: bool
    mailboxes: tuple[LeavingMailbox, ...]
    successors: tuple[Membership, ...]
    contacts: int
    tasks: int
    private_lines: int
    drafts: int
    templates: int
    tokens: int


def leave_mailbox(member: Membership, mailbox: Mailbox, *, erase: bool, at: datetime) -> bool:
    """Take back what is queued, then disconnect; return whether Google ended the permission too.

    Whoever may not do all of it does none of it.
    """
    (check_owner if erase else check_may_stop)(member, mailbox)
    withdraw_queued(member, mailbox, at=at)
    if erase:
        return disconnect_and_erase(member, mailbox, at=at)
    return disconnect(member, mailbox, at=at)


def preview_leaving(member: Membership, target: Membership) -> Leaving:
    """Return what a membership's end means; raise as ending it would, to who may not or where it cannot be."""
    check_may_remove(member, target)
    is_own = member.pk == target.pk
    drafts = OutgoingEmail.objects.filter(
        team_id=target.team_id, author_id=target.user_id, status=Status.DRAFT
    )
    templates = EmailTemplate.objects.filter(team_id=target.team_id, owner=target)
    with on_the_teams_behalf():
        return Leaving(
            target=target,
            is_own=is_own,
            mailboxes=tuple(_mailboxes(target, is_own=is_own)),
            successors=tuple(_others(target)),
            contacts=_contacts(target).count(),
            tasks=_tasks(target).count(),
            private_lines=_private_lines(target).count() if is_own else 0,
            drafts=drafts.count() if is_own else 0,
            templates=templates.count() if is_own else 0,
            tokens=ApiToken.objects.filter(member=target, revoked_at=None).count() if is_own else 0,
        )


def leave_team(
    member: Membership,
    target: Membership,
    *,
    at: datetime,
    erased: Collection[UUID] = (),
    successor_id: UUID | None = None,
) -> None:
    """End a membership with its mailboxes' connections, and hand on what others must go on with.

    Their stored mail stays as it was shared; nobody sees more of it than before. `erased` are mailboxes of one's own
    whose mail goes instead. Dying half way leaves a member with fewer mailboxes: doing it again ends it.
    """
    check_may_remove(member, target)
    successor = _successor(target, successor_id)
    boxes = Mailbox.objects.filter(team_id=target.team_id, owner_id=target.user_id)
    for_all = {box.pk: box for box in boxes}
    if unknown := set(erased) - for_all.keys():
        raise Invalid(f"There is no such mailbox: {unknown.pop()}.", field="erase")
    with on_the_teams_behalf():
        for box in for_all.values():
            if box.pk in erased or box.state != MailboxState.DISCONNECTED:
                leave_mailbox(member, box, erase=box.pk in erased, at=at)
        with transaction.atomic():
            _hand_on(target, successor, at=at)
            remove_member(member, target=target, at=at)


def _mailboxes(target: Membership, *, is_own: bool) -> list[LeavingMailbox]:
    boxes = Mailbox.objects.filter(team_id=target.team_id, owner_id=target.user_id)
    if not is_own:
        return [LeavingMailbox(box, stored=0, queued=0) for box in boxes.order_by("address")]
    copies = MailboxMessage.objects.filter(mailbox__in=boxes, state=LedgerState.STORED)
    queued = OutgoingEmail.objects.filter(mailbox__in=boxes, status=Status.QUEUED)
    stored, waiting = (
        dict(rows.order_by().values_list("mailbox_id").annotate(number=Count("pk")))
        for rows in (copies, queued)
    )
    return [
        LeavingMailbox(box, stored=stored.get(box.pk, 0), queued=waiting.get(box.pk, 0))
        for box in boxes.order_by("address")
    ]


def _others(target: Membership) -> list[Membership]:
    mates = Membership.objects.filter(team_id=target.team_id).exclude(pk=target.pk)
    return list(mates.select_related("user").order_by("created_at", "id"))


def _successor(target: Membership, successor_id: UUID | None) -> Membership | None:
    if successor_id is None:
        return None
    found = next((mate for mate in _others(target) if mate.pk == successor_id), None)
    if found is None:
        raise Invalid("Choose somebody of the team, or nobody.", field="successor")
    return found


def _contacts(target: Membership) -> ContactQuerySet:
    return Contact.objects.filter(team_id=target.team_id, owner_id=target.user_id)


def _tasks(target: Membership) -> ActivityQuerySet:
    # What only they see is nobody else's to go on with.
    return Activity.objects.filter(
        team_id=target.team_id, assignee_id=target.user_id, done_at=None, is_private=False
    )


def _private_lines(target: Membership) -> ActivityQuerySet:
    return Activity.objects.filter(team_id=target.team_id, user_id=target.user_id, is_private=True)


def _hand_on(target: Membership, successor: Membership | None, *, at: datetime) -> None:
    heir = successor.user if successor else None
    contacts = _contacts(target).update(owner=heir, updated_at=at)
    tasks = _tasks(target).update(assignee=heir, updated_at=at)
    if contacts or tasks:
        record_audit(
            "handed on",
            team_id=target.team_id,
            user=target.user,
            at=at,
            subject=("user", heir.pk if heir else ""),
            contacts=contacts,
            tasks=tasks,
            to=str(heir or "nobody"),
        )
