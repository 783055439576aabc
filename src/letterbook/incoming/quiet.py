"""Which mailboxes have nothing to do but ask their provider for news."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, F, Max, OuterRef, Q

from letterbook.contacts.models import ContactAddress
from letterbook.correspondence.models import LedgerState, MailboxMessage
from letterbook.incoming.models import RetrievalRun
from letterbook.incoming.reaching_back import SLOWEST_COMMIT
from letterbook.mailboxes.models import Kind, Mailbox, MailboxState


def quiet_among(mailbox_ids: Iterable[UUID], *, at: datetime) -> list[Mailbox]:
    """Return those of them that were read to the end, without trouble, and have nobody's old mail to ask for.

    Any other one needs a run of its own, even where the provider has no news.
    """
    waiting = MailboxMessage.objects.filter(
        Q(try_after=None) | Q(try_after__lte=at),
        mailbox=OuterRef("pk"),
        state=LedgerState.WAITING,
    )
    unfinished = RetrievalRun.objects.filter(mailbox=OuterRef("pk")).retrieving()
    found = Mailbox.objects.filter(
        ~Exists(waiting),
        ~Exists(unfinished),
        pk__in=mailbox_ids,
        kind=Kind.GMAIL,
        state=MailboxState.CONNECTED,
        history_cursor__gt="",
        listing_page=None,
        retrieved_at__isnull=False,
        reading_limited_until=None,
        retrieval_error="",
        trouble="",
        clock_off=None,
        policy_asked=F("policy"),
    )
    return _without_new_contacts(list(found))


def _without_new_contacts(mailboxes: list[Mailbox]) -> list[Mailbox]:
    team_ids = {mailbox.team_id for mailbox in mailboxes}
    addresses = ContactAddress.objects.filter(team_id__in=team_ids).order_by()
    newest = dict(addresses.values_list("team_id").annotate(Max("created_at")))
    return [
        mailbox
        for mailbox in mailboxes
        if mailbox.contacts_asked_at is not None
        and not _is_younger(newest.get(mailbox.team_id), mailbox.contacts_asked_at)
    ]


def _is_younger(newest: datetime | None, asked_at: datetime) -> bool:
    return newest is not None and newest >= asked_at - SLOWEST_COMMIT
