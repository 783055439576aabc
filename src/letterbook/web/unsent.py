"""What the team wrote to a contact and has not sent yet: drafts, what is on its way, and failures to decide."""

from __future__ import annotations

from letterbook.contacts.models import Contact
from letterbook.outgoing.models import OutgoingEmail
from letterbook.outgoing.reading import unsent_for_contact
from letterbook.outgoing.status import Status
from letterbook.teams.asked_once import asked_once
from letterbook.teams.models import Membership
from letterbook.timeline.narrowing import TimelineFilter
from letterbook.web.outgoing_rows import with_rows

MOST_LOOKED_AT = 200
MOST_SHOWN = 20


def unsent_lines(
    member: Membership, contact: Contact, wanted: TimelineFilter
) -> list[OutgoingEmail]:
    """Return what is shown on top of a history of these lines: what leaves or failed, then drafts, newest first."""
    found = [one for one in _unsent(member, contact) if _is_wanted(one, wanted)]
    going = [one for one in found if one.status != Status.DRAFT]
    drafts = [one for one in found if one.status == Status.DRAFT]
    going.sort(key=lambda one: (one.queued_at or one.updated_at, one.pk), reverse=True)
    return going[:MOST_SHOWN] + drafts[:MOST_SHOWN]


def next_email(member: Membership, contact: Contact) -> OutgoingEmail | None:
    """Return the email that goes to the contact next."""
    queued = [one for one in _unsent(member, contact) if one.status == Status.QUEUED]
    due = [(one.due_at, one.pk, one) for one in queued if one.due_at is not None]
    return min(due)[-1] if due else None


@asked_once
def _unsent(member: Membership, contact: Contact) -> list[OutgoingEmail]:
    unsent = unsent_for_contact(member, contact)
    if unsent.query.is_empty():
        return []
    return list(with_rows(unsent).order_by("-updated_at", "-id")[:MOST_LOOKED_AT])


def _is_wanted(email: OutgoingEmail, wanted: TimelineFilter) -> bool:
    return (
        wanted.person_id in {None, email.author_id}
        and wanted.mailbox_id in {None, email.mailbox_id}
        and (wanted.since is None or email.updated_at >= wanted.since)
        and (wanted.until is None or email.updated_at < wanted.until)
        and (not wanted.has_failed or email.status == Status.FAILED)
    )
