"""What a provider says of an account beside its mail: what it is called, what it may send from, its labels."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import structlog
from django.db import transaction

from letterbook.mailboxes.labelling import keep_labels
from letterbook.mailboxes.models import Mailbox, SendAsAddress
from letterbook.mime.addresses import BadAddress, address_key, check_address
from letterbook.providers.mail import MailProvider, SendAs
from letterbook.teams.audit import record_audit

_log = structlog.get_logger(__name__)

_KEPT = ("address", "name", "signature_html", "is_primary", "is_default", "is_verified", "reply_to")


def reread_account(mailbox: Mailbox, *, provider: MailProvider, at: datetime) -> None:
    """Take over what the provider says now: addresses to send from, labels, and a new name if it was renamed.

    Under the same grant another address is the same account; only at reconnecting is it taken for another one.
    """
    address, offered = provider.read_profile().address, provider.list_send_as()
    labels = provider.list_labels()
    with transaction.atomic():
        keep_sending_addresses(mailbox, offered)
        keep_labels(mailbox, labels)
        if address_key(address) != mailbox.address_key:
            _rename(mailbox, address, at=at)


def _rename(mailbox: Mailbox, address: str, *, at: datetime) -> None:
    key = address_key(address)
    if Mailbox.objects.filter(team_id=mailbox.team_id, address_key=key).exists():
        _log.warning("renamed to an address that is another mailbox", mailbox=str(mailbox.pk))
        return
    record_audit(
        "mailbox renamed",
        team_id=mailbox.team_id,
        user=None,
        at=at,
        subject=("mailbox", mailbox.pk),
        old=mailbox.address,
        new=address,
    )
    mailbox.address, mailbox.address_key = address, key
    mailbox.save(update_fields=["address", "address_key"])


def keep_sending_addresses(mailbox: Mailbox, offered: Sequence[SendAs]) -> None:
    """Store what the provider offers now: new addresses come, changed ones change, withdrawn ones go."""
    # By key: two spellings of one address would break the one upsert.
    rows = {address_key(one.address): _row(mailbox, one) for one in offered}
    SendAsAddress.objects.filter(mailbox=mailbox).exclude(key__in=rows).delete()
    SendAsAddress.objects.bulk_create(
        rows.values(),
        update_conflicts=True,
        unique_fields=["mailbox", "key"],
        update_fields=_KEPT,
    )


def _row(mailbox: Mailbox, one: SendAs) -> SendAsAddress:
    return SendAsAddress(
        mailbox=mailbox,
        team_id=mailbox.team_id,
        address=one.address,
        key=address_key(one.address),
        name=one.name.replace("\x00", "")[:200],
        signature_html=one.signature_html.replace("\x00", ""),
        is_primary=one.is_primary,
        is_default=one.is_default,
        is_verified=one.is_verified,
        reply_to=_usable(one.reply_to),
    )


def _usable(reply_to: str) -> str:
    """Return an address that a header can hold; a setting that is none must not keep email from being sent."""
    try:
        return check_address(reply_to).email if reply_to else ""
    except BadAddress:
        return ""
