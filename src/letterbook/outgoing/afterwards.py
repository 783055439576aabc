"""What remains to be done at the provider after an email was sent or cancelled."""

from __future__ import annotations

from contextlib import closing
from uuid import UUID

from letterbook.mailboxes.opening import open_mailbox
from letterbook.outgoing import accepting
from letterbook.outgoing.clock import Clock
from letterbook.outgoing.losing_permission import mark_permission_lost
from letterbook.outgoing.models import FrozenEmail, OutgoingEmail
from letterbook.outgoing.status import Status
from letterbook.providers.errors import AccessRevoked, PermissionMissing


def record_copy(email_id: UUID, *, clock: Clock) -> None:
    """Bring a sent email's copy into the history; raises what another try may cure."""
    email = OutgoingEmail.objects.select_related("mailbox").get(pk=email_id)
    if email.message_id is not None or email.erased_at is not None:
        return  # An earlier job did it, or it is not to be there.
    try:
        with closing(open_mailbox(email.mailbox, clock=clock)) as provider:
            accepting.record_copy(email, provider, at=clock())
    except (AccessRevoked, PermissionMissing) as refused:
        # The sweep asks for the copy again when the mailbox was reconnected.
        mark_permission_lost(email.mailbox, refused, at=clock())


def remove_provider_draft(frozen_id: int, *, clock: Clock) -> None:
    """Delete the draft of a cancelled email at the provider; raises what another try may cure."""
    frozen = FrozenEmail.objects.select_related("email__mailbox").get(pk=frozen_id)
    newest = frozen.email.frozen.order_by("-round").values_list("pk", flat=True)[0]
    if newest == frozen.pk and frozen.email.status != Status.DRAFT:
        return  # Queued again under the same key: the draft is in use.
    mailbox = frozen.email.mailbox
    try:
        with closing(open_mailbox(mailbox, clock=clock)) as provider:
            provider.delete_draft(frozen.draft_id)
    except (AccessRevoked, PermissionMissing) as refused:
        # The draft stays in Gmail, where its owner can see it; nobody sends it.
        mark_permission_lost(mailbox, refused, at=clock())
