"""How one's own mail with a contact, or in a conversation, is shared: as a small form draws it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.urls import reverse

from letterbook.contacts.models import Contact
from letterbook.correspondence.sharing.asking import asked_already, whom_to_ask
from letterbook.correspondence.sharing.choosing import (
    Shared,
    sharing_of_contact,
    sharing_of_thread,
)
from letterbook.kit.refusals import Invalid
from letterbook.mailboxes.models import Sharing
from letterbook.teams.models import Membership

AS_USUAL = "usual"


@dataclass(frozen=True, slots=True)
class SharingControl:
    """What `sharing/control.html` draws: where the choice is sent, the choices, and the one that holds."""

    url: str
    options: tuple[tuple[str, str], ...]
    chosen: str


@dataclass(frozen=True, slots=True)
class Asking:
    """Whom one could ask to share a conversation, whether one did, and who said no."""

    url: str
    owners: str
    waits_for: str
    refused_by: str


def control_of_contact(member: Membership, contact: Contact) -> SharingControl | None:
    """Return the control for one's own mail with a contact, None for somebody without a mailbox."""
    return _control(
        sharing_of_contact(member, contact), reverse("share-contact", args=[contact.pk])
    )


def control_of_thread(member: Membership, thread_id: UUID) -> SharingControl | None:
    """Return the control for one's own part of a conversation, None where there is none."""
    url = reverse("share-conversation", args=[thread_id])
    return _control(sharing_of_thread(member, thread_id), url)


def asking_for(member: Membership, thread_id: UUID, *, is_partly_hidden: bool) -> Asking | None:
    """Return how to ask for what is hidden of a conversation; None where nothing is, or while looking as another."""
    if not is_partly_hidden or member.looking_as is not None:
        return None
    asked = asked_already(member, thread_id)
    named = {one.mailbox.owner_id for one in asked}
    left = [owner for owner in whom_to_ask(member, thread_id) if owner.pk not in named]
    return Asking(
        url=reverse("ask-to-read", args=[thread_id]),
        owners=_names(map(str, left)),
        waits_for=_names(str(one.mailbox.owner) for one in asked if not one.answer),
        refused_by=_names(str(one.mailbox.owner) for one in asked if one.answer),
    )


def chosen_level(text: str) -> Sharing | None:
    """Return the level that a form says, None for as usual; raise `Invalid` for anything else."""
    if text == AS_USUAL:
        return None
    if text not in map(str, Sharing.values):
        raise Invalid("Choose how much the team may see.", field="sharing")
    return Sharing(int(text))


def _control(shared: Shared | None, url: str) -> SharingControl | None:
    if shared is None:
        return None
    usual = " or ".join(level.label.lower() for level in shared.usual)
    levels = [(str(level.value), level.label) for level in Sharing]
    return SharingControl(
        url=url,
        options=((AS_USUAL, f"As your mailbox: {usual}"), *levels),
        chosen=AS_USUAL if shared.level is None else str(shared.level.value),
    )


def _names(names: Iterable[str]) -> str:
    unique = list(dict.fromkeys(names))
    return f"{', '.join(unique[:-1])} and {unique[-1]}" if len(unique) > 1 else "".join(unique)
