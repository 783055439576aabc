"""Links to a page of another of one's teams: what is not in the team one acts in may be in one that one is in, too.

It says so, and goes there with one press. Only what the person may see there is looked at: to whoever is not in that
team, an address of its is one of nothing, as any other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from letterbook.contacts.models import Company, Contact
from letterbook.correspondence.models import Message
from letterbook.mailboxes.models import Mailbox
from letterbook.outgoing.email_templates import EmailTemplate
from letterbook.outgoing.models import OutgoingEmail
from letterbook.teams.models import Membership, Team
from letterbook.teams.people import memberships_of
from letterbook.teams.second_wall import seen_by

Rows = Callable[
    [Membership, UUID], QuerySet[Any]
]  # of any table: it is only asked whether there are some
# What `pk` names, by how an address begins.
_ROWS: dict[str, Rows] = {
    "contacts": lambda member, pk: Contact.objects.visible_to(member).filter(pk=pk),
    "companies": lambda member, pk: Company.objects.visible_to(member).filter(pk=pk),
    "conversations": lambda member, pk: Message.objects.visible_to(member).filter(thread_id=pk),
    "messages": lambda member, pk: Message.objects.visible_to(member).filter(pk=pk),
    "outgoing": lambda member, pk: OutgoingEmail.objects.visible_to(member).filter(pk=pk),
    "mailboxes": lambda member, pk: Mailbox.objects.visible_to(member).filter(pk=pk),
    "templates": lambda member, pk: EmailTemplate.objects.visible_to(member).filter(pk=pk),
}


def team_of_what_is_asked(request: HttpRequest, member: Membership) -> Team | None:
    """Return the other team of this person in which there is what the address names, None where there is none."""
    match = request.resolver_match
    rows = _ROWS.get(match.route.partition("/")[0]) if match else None
    if match is None or rows is None or "pk" not in match.kwargs or member.looking_as is not None:
        return None
    if request.method not in {"GET", "HEAD"} or getattr(request, "htmx", False):
        return None
    for other in memberships_of(member.user):
        if other.pk != member.pk and _is_there(rows, other, match.kwargs["pk"]):
            return other.team
    return None


def _is_there(rows: Rows, member: Membership, pk: UUID) -> bool:
    with seen_by(member):
        return rows(member, pk).exists()


def offer_to_go_there(request: HttpRequest, team: Team, *, now_in: Team) -> HttpResponse:
    """Answer that it is in another team of the person's, with the way there."""
    context = {"team": team, "now_in": now_in}
    return render(request, "web/other_team/link.html", context, status=404)
