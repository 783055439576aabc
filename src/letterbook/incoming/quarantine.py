"""The sources of messages that could not be read or stored, kept until a better parser has read them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from letterbook.correspondence.models import LedgerState, MailboxMessage, QuarantinedSource
from letterbook.correspondence.sources import pack_source
from letterbook.mailboxes.models import Mailbox
from letterbook.mime.parsing import PARSER_VERSION
from letterbook.providers.mail import ProviderMessage


def keep_sources(mailbox: Mailbox, messages: Sequence[ProviderMessage], *, at: datetime) -> None:
    """Keep the sources of messages that the ledger has as quarantined."""
    if not messages:
        return
    rows = MailboxMessage.objects.filter(
        mailbox=mailbox,
        provider_id__in=[message.id for message in messages],
        state=LedgerState.QUARANTINED,
    ).values_list("provider_id", "id")
    sources = {message.id: message.raw for message in messages}
    QuarantinedSource.objects.bulk_create(
        [
            QuarantinedSource(
                mailbox_message_id=row_id,
                team_id=mailbox.team_id,
                raw_zstd=pack_source(sources[provider_id]),
                parser_version=PARSER_VERSION,
                at=at,
            )
            for provider_id, row_id in rows
        ],
        update_conflicts=True,
        unique_fields=["mailbox_message"],
        update_fields=["raw_zstd", "parser_version", "at"],
    )


def release_sources(mailbox: Mailbox, provider_ids: Sequence[str]) -> None:
    """Delete the kept sources of those that are no longer quarantined; what was skipped leaves no content behind."""
    QuarantinedSource.objects.filter(
        mailbox_message__mailbox=mailbox, mailbox_message__provider_id__in=provider_ids
    ).exclude(mailbox_message__state=LedgerState.QUARANTINED).delete()
