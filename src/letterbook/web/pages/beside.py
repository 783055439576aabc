"""What stands beside an email while it is written: fetched anew whenever its recipients change."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.utils.timezone import now
from django.views.decorators.http import require_GET

from letterbook.outgoing.drafts import DraftText
from letterbook.outgoing.models import OutgoingEmail
from letterbook.teams.models import Membership
from letterbook.web.beside import beside_context
from letterbook.web.requests import MemberRequest, member_required, render_page
from letterbook.web.typed import ADDRESS_FIELDS


@require_GET
@member_required
def beside(request: MemberRequest) -> HttpResponse:
    """Show what is known of the people an email goes to, and who else writes to them."""
    asked = request.GET
    to, cc, bcc = (asked.get(name, "") for name in ADDRESS_FIELDS)
    draft = _draft(request.member, asked.get("draft", ""))
    context = beside_context(request.member, DraftText(to, cc, bcc), draft, at=now())
    return render_page(request, "web/composer/beside_and_menu.html", context)


def _draft(member: Membership, draft_id: str) -> OutgoingEmail | None:
    try:
        wanted = UUID(draft_id)
    except ValueError:
        return None
    return OutgoingEmail.objects.writable_by(member).filter(pk=wanted).first()
