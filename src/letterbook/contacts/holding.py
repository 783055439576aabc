"""Legal hold: an admin forbids that anything of a contact is deleted, and says why. PostgreSQL refuses it as well."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from letterbook.contacts.models import Contact
from letterbook.kit.refusals import Conflict, Invalid, NotAllowed, NotFound
from letterbook.mime.characters import single_line
from letterbook.teams.audit import record_audit
from letterbook.teams.events import announce
from letterbook.teams.models import Membership, display_name

_LONGEST_REASON = 500


class Held(Conflict):
    """The contact is under legal hold; who set it, and why, is in the words."""

    def __init__(self, contact: Contact, what: str) -> None:
        super().__init__(
            f"{contact} cannot {what}: {display_name(contact.held_by)} put them under legal hold"
            f" on {contact.held_at:%-d %B %Y}, because: {contact.hold_reason}",
            way_out="An admin of the team can end the legal hold on the contact's page.",
            code="held",
        )


def check_is_not_held(contact: Contact, what: str) -> None:
    """Raise `Held` where a contact is under legal hold; `what` is what it therefore cannot: "be erased"."""
    if contact.held_at is not None:
        raise Held(contact, what)


@transaction.atomic
def hold_contact(member: Membership, contact: Contact, *, reason: str, at: datetime) -> Contact:
    """Forbid that anything of a contact is deleted; raise `NotAllowed`, or `Invalid` without a reason."""
    found = _locked(member, contact)
    words = single_line(reason).strip()
    if not words or len(words) > _LONGEST_REASON:
        raise Invalid(f"Give a reason of up to {_LONGEST_REASON} letters.", field="reason")
    if found.held_at is not None:
        raise Conflict(f"{found} is under legal hold already.", way_out="End it first.")
    found.held_at, found.held_by, found.hold_reason = at, member.user, words
    _save(found)
    _record(member, found, "contact put under legal hold", at=at)
    return found


@transaction.atomic
def release_contact(member: Membership, contact: Contact, *, at: datetime) -> Contact:
    """End a legal hold; raise `NotAllowed`. Does nothing where there is none."""
    found = _locked(member, contact)
    if found.held_at is not None:
        found.held_at, found.held_by, found.hold_reason = None, None, ""
        _save(found)
        _record(member, found, "legal hold ended", at=at)
    return found


def _locked(member: Membership, contact: Contact) -> Contact:
    if not member.may_administer:
        raise NotAllowed(
            "Only an admin of the team sets or ends a legal hold.",
            way_out="Ask an admin of your team.",
        )
    found = Contact.objects.visible_to(member).select_for_update().filter(pk=contact.pk).first()
    if found is None:
        raise NotFound("There is no such contact.")
    return found


def _save(contact: Contact) -> None:
    contact.save(update_fields=["held_at", "held_by", "hold_reason"])
    announce("contact", team_id=contact.team_id, row_id=contact.pk)


def _record(member: Membership, contact: Contact, what: str, *, at: datetime) -> None:
    record_audit(
        what, team_id=member.team_id, user=member.user, at=at, subject=("contact", contact.pk)
    )
