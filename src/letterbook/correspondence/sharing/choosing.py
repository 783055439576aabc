"""What the owner of a mailbox chooses: for one conversation, for one contact, and which labels hide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from letterbook.contacts.models import Contact
from letterbook.correspondence.admissions import AdmissionQuerySet
from letterbook.correspondence.models import (
    Admission,
    HidingLabels,
    MailboxMessage,
    Message,
    SharingChoice,
)
from letterbook.correspondence.sharing.settling import (
    settle_addresses,
    settle_mailbox,
    settle_threads,
)
from letterbook.correspondence.threading import lock_correspondence
from letterbook.kit.refusals import Invalid, NotFound
from letterbook.mailboxes.models import Mailbox, MailboxLabel, Sharing
from letterbook.mailboxes.of_team import own_mailboxes
from letterbook.mailboxes.owning import check_owner
from letterbook.teams.audit import record_audit
from letterbook.teams.events import announce
from letterbook.teams.models import Membership

_MOST_LABELS = 50
_MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Shared:
    """How one's own mail in a conversation, or with a contact, is shared: as chosen, or as the mailboxes are.

    `level` is None where nothing was chosen; `usual` are then the levels that hold, one for each mailbox of one's own.
    """

    level: Sharing | None
    usual: tuple[Sharing, ...]


@dataclass(frozen=True, slots=True)
class Chosen:
    """One thing that is shared otherwise than its mailbox: a conversation by its subject, or a contact by name."""

    about: str
    level: Sharing
    contact_id: UUID | None
    thread_id: UUID | None
    number: int


def sharing_of_thread(member: Membership, thread_id: UUID) -> Shared | None:
    """Return how one's own part of a conversation is shared; None where no mailbox of one's own holds any of it."""
    boxes = _boxes_with(member, thread_id)
    return _shared(boxes, SharingChoice.objects.filter(thread=thread_id, mailbox__in=boxes))


def sharing_of_contact(member: Membership, contact: Contact) -> Shared | None:
    """Return how one's own mail with a contact is shared; None for somebody without a mailbox."""
    boxes = own_mailboxes(member)
    return _shared(boxes, SharingChoice.objects.filter(contact=contact, mailbox__in=boxes))


def check_own_part(member: Membership, thread_id: UUID) -> None:
    """Raise `NotFound` where no mailbox of one's own holds any of a conversation."""
    if not _boxes_with(member, thread_id):
        raise NotFound(
            "There is no such conversation in a mailbox of yours.",
            way_out="Whoever's mailbox holds it decides.",
        )


@transaction.atomic
def share_thread(
    member: Membership, thread_id: UUID, *, level: Sharing | None, at: datetime
) -> int:
    """Share one's own part of a conversation at this level, None for as usual; return how many copies that changed.

    Private ends what anybody was let in to of this conversation. Raises `NotFound` where none of it is one's own.
    """
    lock_correspondence(member.team_id)
    boxes = _boxes_with(member, thread_id)
    check_own_part(member, thread_id)
    for box in boxes:
        _choose(box, {"thread_id": thread_id}, level=level, at=at)
    if level == Sharing.PRIVATE:
        _shut_out(Admission.objects.filter(thread=thread_id, mailbox__in=boxes), at=at)
    changed = settle_threads([box.pk for box in boxes], thread_id)
    _tell(member, boxes, "conversation", level, at=at)
    return changed


@transaction.atomic
def share_contact(
    member: Membership, contact: Contact, *, level: Sharing | None, at: datetime
) -> int:
    """Share one's own mail with a contact at this level, None for as usual; return how many copies that changed.

    What was chosen for a single conversation stays. Raises `NotFound` for somebody without a mailbox.
    """
    lock_correspondence(member.team_id)
    boxes = own_mailboxes(member) if contact.team_id == member.team_id else []
    if not boxes:
        raise NotFound("You have no mailbox here.", way_out="Connect one first.")
    chosen = SharingChoice.objects.filter(contact=contact, mailbox__in=boxes)
    keys = {key for choice in chosen for key in choice.keys or ()}
    own = sorted(contact.addresses.values_list("key", flat=True))
    for box in boxes:
        _choose(box, {"contact": contact}, level=level, at=at, keys=own)
    if level == Sharing.PRIVATE:
        let_in = Admission.objects.filter(mailbox__in=boxes)
        _shut_out(let_in.filter(Q(contact=contact) | Q(keys__overlap=own)), at=at)
    changed = settle_addresses(member.team_id, sorted(keys.union(own)))
    _tell(member, boxes, "contact", level, at=at)
    return changed


@transaction.atomic
def forget_choice(member: Membership, mailbox: Mailbox, *, number: int, at: datetime) -> int:
    """Share as the mailbox is what was shared otherwise; return how many copies that changed. Raises `NotFound`."""
    lock_correspondence(member.team_id)
    own = SharingChoice.objects.visible_to(member).filter(mailbox=mailbox, pk=number)
    choice = own.first()
    if choice is None:
        raise NotFound("There is no such choice of yours.")
    own.delete()
    if choice.thread_id is not None:
        changed = settle_threads([mailbox.pk], choice.thread_id)
    else:
        changed = settle_addresses(member.team_id, choice.keys or [])
    _tell(member, [mailbox], "contact" if choice.keys else "conversation", None, at=at)
    return changed


@transaction.atomic
def hide_labels(
    member: Membership, mailbox: Mailbox, *, labels: Iterable[str], at: datetime
) -> int:
    """Let mail that bears one of these labels be seen by nobody else; return how many copies that changed."""
    check_owner(member, mailbox)
    chosen = sorted(set(labels))
    if len(chosen) > _MOST_LABELS or any(
        not label or len(label) > 120 or "\0" in label for label in chosen
    ):
        raise Invalid(f"Choose up to {_MOST_LABELS} labels.", field="labels")
    lock_correspondence(mailbox.team_id)
    HidingLabels.objects.update_or_create(
        mailbox=mailbox, defaults={"team_id": mailbox.team_id, "labels": chosen, "chosen_at": at}
    )
    changed = settle_mailbox(mailbox)
    announce("activity", team_id=mailbox.team_id)
    _record(member, [mailbox], "hiding labels chosen", at=at, labels=len(chosen))
    return changed


def choices_for(member: Membership, mailbox: Mailbox) -> list[Chosen]:
    """Return what of one's own mailbox is shared otherwise than the rest, what was chosen last at the top."""
    own = SharingChoice.objects.visible_to(member).filter(mailbox=mailbox)
    newest = own.select_related("contact").order_by("-chosen_at", "-id")[:_MOST_SHOWN]
    choices = list(newest)
    messages = Message.objects.visible_to(member).filter(
        thread__in=[one.thread_id for one in choices if one.thread_id]
    )
    latest = messages.order_by("thread", "-occurred_at", "-id").distinct("thread")
    subjects = dict(latest.values_list("thread_id", "subject"))
    return [_chosen(one, subjects) for one in choices]


def hiding_labels_of(mailbox: Mailbox) -> frozenset[str]:
    """Return the ids of the labels whose mail nobody else sees; the one called Private, as long as none was chosen."""
    chosen = HidingLabels.objects.filter(mailbox=mailbox).first()
    if chosen is not None:
        return frozenset(chosen.labels)
    private = MailboxLabel.objects.filter(mailbox=mailbox, name__iexact="private")
    return frozenset(private.values_list("label_id", flat=True))


def _chosen(choice: SharingChoice, subjects: Mapping[UUID, str]) -> Chosen:
    if choice.thread_id is not None:
        about = subjects.get(choice.thread_id) or "a conversation without a subject"
    else:
        about = str(choice.contact or ", ".join(choice.keys or ()))
    return Chosen(about, Sharing(choice.level), choice.contact_id, choice.thread_id, choice.pk)


def _boxes_with(member: Membership, thread_id: UUID) -> list[Mailbox]:
    own = own_mailboxes(member)
    held = MailboxMessage.objects.filter(mailbox__in=own, message__thread=thread_id)
    ids = set(held.values_list("mailbox_id", flat=True).distinct())
    return [box for box in own if box.pk in ids]


def _shared(boxes: Sequence[Mailbox], choices: Iterable[SharingChoice]) -> Shared | None:
    if not boxes:
        return None
    # What differs between one's mailboxes is told as the narrowest: nothing is less shared than that.
    levels = [Sharing(choice.level) for choice in choices]
    return Shared(
        level=min(levels, default=None),
        usual=tuple(sorted({Sharing(box.sharing) for box in boxes})),
    )


def _choose(
    box: Mailbox,
    about: Mapping[str, Any],  # a contact or a thread's id
    *,
    level: Sharing | None,
    at: datetime,
    keys: Sequence[str] | None = None,
) -> None:
    if level is None:
        SharingChoice.objects.filter(mailbox=box, **about).delete()
        return
    chosen = {"team_id": box.team_id, "level": level, "chosen_at": at, "keys": keys}
    SharingChoice.objects.update_or_create(defaults=chosen, mailbox=box, **about)


def _shut_out(admissions: AdmissionQuerySet, *, at: datetime) -> None:
    admissions.filter(ended_at=None).update(ended_at=at)


def _tell(
    member: Membership, boxes: Sequence[Mailbox], what: str, level: Sharing | None, *, at: datetime
) -> None:
    announce("activity", team_id=member.team_id)
    word = level.name.lower() if level is not None else "as the mailbox"
    _record(member, boxes, f"sharing of a {what} changed", at=at, new=word)


def _record(
    member: Membership, boxes: Sequence[Mailbox], what: str, *, at: datetime, **details: str | int
) -> None:
    # Which conversation or contact, and which labels, is its owner's business; the log is the team's.
    for box in boxes:
        subject = ("mailbox", box.pk)
        record_audit(what, team_id=box.team_id, user=member.user, at=at, subject=subject, **details)
