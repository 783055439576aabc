"""The quarantine as its owner meets it: looking at what could not be read, and giving it up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from letterbook.correspondence.models import (
    LedgerState,
    MailboxMessage,
    QuarantinedSource,
    SkipReason,
)
from letterbook.correspondence.sources import unpack_source
from letterbook.incoming.quarantine import release_sources
from letterbook.kit.refusals import NotFound
from letterbook.mailboxes.models import Mailbox
from letterbook.mailboxes.owning import check_owner
from letterbook.mime.parsing import PARSER_VERSION
from letterbook.teams.audit import record_audit
from letterbook.teams.models import Membership


def quarantined_in(mailbox: Mailbox) -> QuerySet[MailboxMessage]:
    """Return what could not be read in a mailbox, newest first; the sources are not loaded with it."""
    rows = MailboxMessage.objects.filter(mailbox=mailbox, state=LedgerState.QUARANTINED)
    return (
        rows.order_by("-decided_at", "-id")
        .select_related("quarantined_source")
        .defer("quarantined_source__raw_zstd")
    )


def find_quarantined(member: Membership, mailbox: Mailbox, row_id: int) -> MailboxMessage:
    """Return one of one's own quarantined messages; raise `NotFound`."""
    check_owner(member, mailbox)
    found = quarantined_in(mailbox).filter(pk=row_id).first()
    if found is None:
        raise NotFound("There is no such message in the quarantine.")
    return found


def read_quarantined_source(row: MailboxMessage) -> bytes | None:
    """Return the bytes of a quarantined message as they came, None where the provider never gave them."""
    source = QuarantinedSource.objects.filter(pk=row.pk).first()
    return unpack_source(source.raw_zstd) if source else None


def is_newer_parser_here(mailbox: Mailbox) -> bool:
    """Whether something in the quarantine was last tried by an older parser than the present one."""
    return QuarantinedSource.objects.filter(
        mailbox_message__mailbox=mailbox,
        mailbox_message__state=LedgerState.QUARANTINED,
        parser_version__lt=PARSER_VERSION,
    ).exists()


@transaction.atomic
def dismiss(
    member: Membership,
    mailbox: Mailbox,
    *,
    provider_ids: Sequence[str] | None = None,
    at: datetime,
) -> int:
    """Give up all of one's mailbox's quarantined messages, or these: their sources go; return how many.

    The ledger keeps that they were dismissed, and nothing fetches them again.
    """
    check_owner(member, mailbox)
    rows = MailboxMessage.objects.filter(mailbox=mailbox, state=LedgerState.QUARANTINED)
    if provider_ids is not None:
        rows = rows.filter(provider_id__in=provider_ids)
    dismissed = list(rows.select_for_update().values_list("provider_id", flat=True))
    rows.filter(provider_id__in=dismissed).update(
        state=LedgerState.SKIPPED, reason=SkipReason.DISMISSED, decided_at=at
    )
    release_sources(mailbox, dismissed)
    if dismissed:
        record_audit(
            "quarantine dismissed",
            team_id=mailbox.team_id,
            user=member.user,
            at=at,
            subject=("mailbox", mailbox.pk),
            messages=len(dismissed),
        )
    return len(dismissed)
