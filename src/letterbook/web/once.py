"""One draft for one form, however often the form arrives."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.sessions.models import Session
from django.db import transaction

from letterbook.outgoing.models import OutgoingEmail
from letterbook.web.requests import MemberRequest

_KEPT = "drafts_by_form"
_REMEMBERED = 20


@transaction.atomic
def create_once(
    request: MemberRequest, key: str, create: Callable[[], OutgoingEmail]
) -> OutgoingEmail:
    """Return the draft that the form with this key made before, or make it now.

    A double click on Send, or Send pressed while the autosave is under way, brings one form twice at the same moment;
    two drafts would be two emails. The session's row is the lock.
    """
    if not key:
        return create()
    row = Session.objects.select_for_update().filter(pk=request.session.session_key).first()
    made: dict[str, str] = row.get_decoded().get(_KEPT, {}) if row else {}
    if key in made:
        found = OutgoingEmail.objects.writable_by(request.member).filter(pk=made[key]).first()
        if found is not None:
            return found
    email = create()
    recent = list(made.items())[1 - _REMEMBERED :]
    request.session[_KEPT] = dict([*recent, (key, str(email.pk))])
    request.session.save()
    return email
