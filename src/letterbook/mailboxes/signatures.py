"""The signature that belongs to an address one writes from, as it is kept in Gmail's settings."""

from __future__ import annotations

from letterbook.mailboxes.models import Mailbox, SendAsAddress
from letterbook.mime.addresses import address_key
from letterbook.mime.html import clean_composed_html
from letterbook.mime.html_text import html_to_text


def signature_for(mailbox: Mailbox, from_address: str = "") -> str:
    """Return the signature of an address of a mailbox as HTML fit to be sent, or "" where it has none.

    Without an address it is the mailbox's own. Pictures that Gmail keeps on its servers are left out: nothing that we
    send calls home.
    """
    key = address_key(from_address) if from_address else mailbox.address_key
    alias = SendAsAddress.objects.filter(mailbox=mailbox, key=key).first()
    cleaned = clean_composed_html(alias.signature_html) if alias else ""
    return cleaned if html_to_text(cleaned).strip() or "<img" in cleaned else ""
