"""Finding the outgoing email that a request is about, and answering with it, once per idempotency key."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.utils import timezone

from letterbook.api.outgoing_shapes import OutgoingInFull, show_outgoing_in_full
from letterbook.api.repeating import once
from letterbook.api.tokens import TokenRequest
from letterbook.kit.refusals import NotFound
from letterbook.outgoing.models import OutgoingEmail, OutgoingEmailQuerySet
from letterbook.teams.models import Membership


def visible_emails(member: Membership) -> OutgoingEmailQuerySet:
    """Return the outgoing email this member may know of, with what is shown of each."""
    emails = OutgoingEmail.objects.visible_to(member)
    return emails.select_related("author", "mailbox").prefetch_related("recipients", "regarding")


def find_outgoing(member: Membership, email_id: UUID) -> OutgoingEmail:
    """Return an outgoing email this member may know of; raise `NotFound`."""
    found = visible_emails(member).filter(pk=email_id).first()
    if found is None:
        raise NotFound("There is no such outgoing email.")
    return found


def show_now(member: Membership, email_id: UUID) -> OutgoingInFull:
    """Return an email as it is now; raise `NotFound`."""
    return show_outgoing_in_full(find_outgoing(member, email_id), member=member, at=timezone.now())


def act_once(
    request: TokenRequest, act: Callable[[], OutgoingEmail], *, content: bytes | None = None
) -> OutgoingInFull:
    """Act, unless this very request came before, and return the email it was about as it is now."""
    done = once(
        request,
        request.auth,
        create=act,
        find=lambda email_id: find_outgoing(request.auth, email_id),
        id_of=lambda email: email.pk,
        at=timezone.now(),
        content=content,
    )
    return show_now(request.auth, done.pk)
