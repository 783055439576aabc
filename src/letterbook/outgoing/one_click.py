"""A way out with one click (RFC 8058): the link that an email carries, and what follows when it is pressed.

Whoever has the link may press it, signed in or not. It says nothing of the email, the team or the address to anybody.
"""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db import transaction

from letterbook.contacts.models import Contact
from letterbook.kit.refusals import NotFound
from letterbook.mime.addresses import address_key
from letterbook.outgoing.models import OutgoingEmail, Recipient, Unsubscription
from letterbook.teams.audit import record_audit
from letterbook.teams.events import announce
from letterbook.teams.models import Membership

PATH = "/unsubscribe/"
_NOT_PUBLIC = frozenset({"localhost", "127.0.0.1", "::1"})
# What a header holds in one piece.
_LONGEST = 190


def link_of(email: OutgoingEmail) -> str:
    """Return the link by which the one person an email goes to wants no more of the kind, "" where there can be none.

    It must be https and reach us from anywhere; and with several recipients nobody could tell who pressed it.
    """
    base = urlsplit(settings.BASE_URL)
    if base.scheme != "https" or base.hostname in _NOT_PUBLIC or email.recipients.count() != 1:
        return ""
    link = f"{settings.BASE_URL}{PATH}{_signer().sign(email.pk.hex)}"
    return link if len(link) <= _LONGEST else ""


@transaction.atomic
def unsubscribe(token: str, *, at: datetime) -> None:
    """Note that whoever got the email wants no such mail of its team; raise `NotFound` for what is no link of ours.

    Pressed again, or of an email that was erased meanwhile, it changes nothing, and looks the same.
    """
    recipients = Recipient.objects.filter(email=read_token(token))
    for recipient in recipients[:2] if recipients.count() == 1 else ():
        _, is_new = Unsubscription.objects.get_or_create(
            team_id=recipient.team_id, key=recipient.key, defaults={"at": at}
        )
        if is_new:
            announce("contact", team_id=recipient.team_id, row_id=recipient.contact_id)


def read_token(token: str) -> UUID:
    """Return the email that a link is of; raise `NotFound` where we did not make it."""
    try:
        return UUID(_signer().unsign(token))
    except (BadSignature, ValueError) as error:
        raise NotFound("There is no such link.") from error


def subscribe_again(member: Membership, contact: Contact, *, address: str, at: datetime) -> None:
    """Note that somebody wants such mail again, because they said so; raise `NotFound` where they never did not."""
    key = address_key(address)
    own = Unsubscription.objects.visible_to(member).filter(key=key)
    if not contact.addresses.filter(key=key).exists() or not own.delete()[0]:
        raise NotFound("This address gets such mail.")
    record_audit(
        "contact wants mail again",
        team_id=member.team_id,
        user=member.user,
        at=at,
        subject=("contact", contact.pk),
    )
    announce("contact", team_id=member.team_id, row_id=contact.pk)


def _signer() -> Signer:
    return Signer(sep=".", salt="letterbook.outgoing.one_click")
