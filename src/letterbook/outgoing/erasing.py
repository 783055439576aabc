"""Erasing a person: everything that is only theirs goes for good, and nothing brings them back unasked (decision 0016).

It stands here because emails that are being written name contacts, too; nothing below knows of those.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from letterbook.contacts.employers import drop_empty_companies
from letterbook.contacts.holding import check_is_not_held
from letterbook.contacts.models import Contact, ContactAddress, ContactMerge, ContactSplit
from letterbook.contacts.tombstones import keep_tombstones
from letterbook.correspondence.erasing_people import (
    erase_choices,
    erase_messages,
    erase_quarantined,
)
from letterbook.correspondence.threading import lock_correspondence
from letterbook.kit.refusals import NotAllowed, NotFound
from letterbook.mailboxes.models import RuleKind, StoringRule
from letterbook.mailboxes.own_addresses import own_addresses
from letterbook.outgoing.erased_emails import emails_only_to, erase_emails
from letterbook.outgoing.models import OutgoingEmail
from letterbook.outgoing.status import Status
from letterbook.pictures.models import WelcomeSender
from letterbook.teams.audit import record_audit
from letterbook.teams.erasing import empty_entries
from letterbook.teams.events import announce
from letterbook.teams.models import Membership
from letterbook.teams.second_wall import on_the_teams_behalf
from letterbook.timeline.erasing import count_messages_of, messages_only_of
from letterbook.timeline.models import Activity


@dataclass(frozen=True, slots=True)
class ErasurePreview:
    """What erasing would take, as far as the viewer may see it: `shared` emails stay whole, others are on them."""

    contact: Contact
    addresses: tuple[str, ...]
    emails: int
    shared: int
    notes: int
    drafts: int
    outgoing: int


def check_may_erase(member: Membership) -> None:
    """Raise `NotAllowed` to those who do not administer the team: it takes team-mates' mail, too."""
    if not member.may_administer:
        raise NotAllowed(
            "Only an admin of the team can erase a person.", way_out="Ask an admin of your team."
        )


def preview_erasure(member: Membership, contact: Contact) -> ErasurePreview:
    """Return what erasing this contact would take, changing nothing; raise `NotAllowed` or `Conflict`."""
    check_may_erase(member)
    check_is_not_held(contact, "be erased")
    keys = _keys(contact)
    alone, shared = count_messages_of(member, contact, keys)
    lines = Activity.objects.visible_to(member).filter(contact=contact, message=None)
    emails = emails_only_to(OutgoingEmail.objects.visible_to(member), contact, keys)
    return ErasurePreview(
        contact=contact,
        addresses=tuple(contact.addresses.order_by("pk").values_list("address", flat=True)),
        emails=alone,
        shared=shared,
        notes=lines.count(),
        drafts=emails.filter(status=Status.DRAFT).count(),
        outgoing=emails.exclude(status=Status.DRAFT).count(),
    )


@transaction.atomic
def erase_contact(member: Membership, contact: Contact, *, at: datetime) -> None:
    """Erase a person for good, also from mail the member may not see; raise `NotAllowed`, `Conflict` or `NotFound`."""
    check_may_erase(member)
    # First, as by whoever stores mail: nothing of theirs comes in while they go.
    lock_correspondence(member.team_id)
    found = Contact.objects.visible_to(member).select_for_update().filter(pk=contact.pk).first()
    if found is None:
        raise NotFound("There is no such contact.")
    check_is_not_held(found, "be erased")
    _erase(member, found, at=at)
    record_audit(
        "contact erased",
        team_id=member.team_id,
        user=member.user,
        at=at,
        subject=("contact", contact.pk),
    )
    for topic in ("contact", "activity", "outgoing"):
        announce(topic, team_id=member.team_id)


@on_the_teams_behalf()
def _erase(member: Membership, contact: Contact, *, at: datetime) -> None:
    keys = _keys(contact)
    keep_tombstones(contact.team_id, keys, at=at)
    goes = messages_only_of(contact, keys)
    erase_emails(member, contact, keys, at=at)
    erase_messages(contact.team_id, goes, at=at)
    erase_quarantined(contact.team_id, keys, at=at)
    _erase_records(contact)
    pk, employer_id = contact.pk, contact.employer_id
    contact.delete()
    erase_choices(member.team_id, pk, keys)
    WelcomeSender.objects.filter(team_id=member.team_id, key__in=keys).delete()
    StoringRule.objects.filter(
        team_id=member.team_id, kind=RuleKind.ADDRESS, pattern__in=keys
    ).delete()
    drop_empty_companies([employer_id])


def _erase_records(contact: Contact) -> None:
    """What remembers who they were: merges and splits with others, and the audit log's words."""
    ContactSplit.objects.filter(Q(contact_id=contact.pk) | Q(split_id=contact.pk)).delete()
    merges = ContactMerge.objects.filter(Q(kept_id=contact.pk) | Q(gone_id=contact.pk))
    pairs = list(merges.values_list("kept_id", "gone_id"))
    empty_entries(contact.team_id, "contact", [contact.pk, *(pk for pair in pairs for pk in pair)])
    merges.delete()


def _keys(contact: Contact) -> Sequence[str]:
    """The contact's addresses, without any that is the team's own by now."""
    theirs = ContactAddress.objects.filter(contact=contact).values_list("key", flat=True)
    return sorted(set(theirs) - own_addresses(contact.team_id).keys())
