"""Removing the stored mail of a disconnected mailbox."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from letterbook.contacts.holding import check_is_not_held
from letterbook.contacts.models import ContactAddress
from letterbook.correspondence.models import MailboxMessage, Message, MessageSource, Thread
from letterbook.correspondence.threading import lock_correspondence
from letterbook.mailboxes.disconnecting import disconnect
from letterbook.mailboxes.models import Mailbox
from letterbook.mailboxes.owning import check_owner
from letterbook.teams.audit import record_audit
from letterbook.teams.models import Membership
from letterbook.teams.second_wall import on_the_teams_behalf

_AT_ONCE = 1000


def disconnect_and_erase(member: Membership, mailbox: Mailbox, *, at: datetime) -> bool:
    """Disconnect one's own mailbox and remove its mail; return whether Google ended its permission too.

    What another mailbox of the team holds as well stays, as its mail. Emails written in Letterbook stay in the outbox.
    """
    check_owner(member, mailbox)
    _refuse_held(mailbox)
    is_ended = disconnect(member, mailbox, at=at)
    erased = _erase_all(mailbox)
    _forget_ledger(member, mailbox, erased=erased, at=at)
    return is_ended


def _refuse_held(mailbox: Mailbox) -> None:
    """Raise `Held` where there is mail with somebody who is under legal hold; the database would refuse half way."""
    held = ContactAddress.objects.filter(team_id=mailbox.team_id, contact__held_at__isnull=False)
    for address in held.select_related("contact__held_by"):
        copies = MailboxMessage.objects.filter(mailbox=mailbox)
        stored = Q(message__address_keys__contains=[address.key])
        hidden = Q(hidden_message__address_keys__contains=[address.key])
        if copies.filter(stored).exists() or copies.filter(hidden).exists():
            check_is_not_held(address.contact, "have mail erased")


def _erase_all(mailbox: Mailbox) -> int:
    """Go through the ledger until nothing is left that this mailbox alone holds; return how much that was."""
    erased = 0
    while in_this_round := sum(_erase_part_by_part(mailbox)):
        erased += in_this_round
    return erased


def _erase_part_by_part(mailbox: Mailbox) -> Iterator[int]:
    """Each part begins behind the last: what others hold as well stays, and is not to be gone through once more."""
    after: str | None = ""
    while after is not None:
        after, erased = _erase_some(mailbox, after=after)
        yield erased


@on_the_teams_behalf()
@transaction.atomic
def _erase_some(mailbox: Mailbox, *, after: str) -> tuple[str | None, int]:
    """Erase what no other mailbox holds of the next thousand in the ledger; sources and activities go with it.

    Returns where it came to, None at the end, and how many messages are erased.
    """
    # A batch that is being stored could be adding to a thread that is empty only as far as we see.
    lock_correspondence(mailbox.team_id)
    stored = Q(message__isnull=False) | Q(hidden_message__isnull=False)
    rows = MailboxMessage.objects.filter(stored, mailbox=mailbox, provider_id__gt=after)
    part = list(
        rows.order_by("provider_id").values_list("provider_id", "message", "hidden_message")[
            :_AT_ONCE
        ]
    )
    held_here = {pk for row in part for pk in row[1:] if pk}
    elsewhere = MailboxMessage.objects.exclude(mailbox=mailbox)
    held_only_here = Message.objects.filter(
        ~Exists(elsewhere.filter(message=OuterRef("pk"))),
        ~Exists(elsewhere.filter(hidden_message=OuterRef("pk"))),
        pk__in=held_here,
    )
    chosen = list(held_only_here.values_list("pk", "thread_id"))
    Message.objects.filter(pk__in=[pk for pk, _ in chosen]).only("pk").delete()
    emptied = Thread.objects.filter(pk__in={thread_id for _, thread_id in chosen}, messages=None)
    emptied.delete()
    return part[-1][0] if len(part) == _AT_ONCE else None, len(chosen)


@on_the_teams_behalf()
@transaction.atomic
def _forget_ledger(member: Membership, mailbox: Mailbox, *, erased: int, at: datetime) -> None:
    MailboxMessage.objects.filter(mailbox=mailbox).delete()
    # What others hold as well is theirs now: nobody is to learn from it whom the sender put in Bcc.
    MessageSource.objects.filter(mailbox=mailbox).update(mailbox=None)
    # If it is ever connected again, it begins with a first retrieval.
    Mailbox.objects.filter(pk=mailbox.pk).update(
        history_cursor="",
        listing_page=None,
        listing_query="",
        listed_at=None,
        provider_count=None,
        retrieved_at=None,
    )
    record_audit(
        "mail erased",
        team_id=mailbox.team_id,
        user=member.user,
        at=at,
        subject=("mailbox", mailbox.pk),
        messages=erased,
    )
    mailbox.refresh_from_db()
