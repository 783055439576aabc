"""Giving a permission back to Google."""

from __future__ import annotations

import structlog

from letterbook.mailboxes.google import google_client
from letterbook.mailboxes.models import Grant, Mailbox
from letterbook.providers.errors import ProviderError
from letterbook.teams.second_wall import on_the_teams_behalf

_log = structlog.get_logger(__name__)


@on_the_teams_behalf()
def end_permission(token: str, *, address_key: str, besides: Mailbox | None = None) -> bool:
    """Ask Google to end the permission that `token` is of; return False when Google could not be asked.

    Google ends everything that an account ever granted us at once. So where another team connected the same account
    too (`besides` left out), only our copy is forgotten: ending it would take their connection away.
    """
    others = Grant.objects.filter(mailbox__address_key=address_key)
    if others.exclude(mailbox=besides).exists():
        return True
    try:
        google_client().revoke(token)
    except ProviderError as error:
        _log.warning("permission not ended at google", why=type(error).__name__)
        return False
    return True
