"""Finding emails, notes and people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.http import HttpResponse
from django.utils.timezone import localdate
from django.views.decorators.http import require_GET

from letterbook.correspondence.showing import SeenMessage
from letterbook.kit.refusals import Invalid, NotNow, Refused
from letterbook.search.finding import Hit, Results, WrittenFound, search
from letterbook.search.marking import Segment
from letterbook.teams.models import Membership
from letterbook.timeline.activity_types import type_of
from letterbook.timeline.models import Activity
from letterbook.web.requests import MemberRequest, member_required, render_page
from letterbook.web.timeline_lines import icon_of
from letterbook.web.who_is_who import WhoIsWho, who_is_who

_EXAMPLES = (
    ("from:ruth", "who wrote it"),
    ("with:ruth", "anyone on it"),
    ('"final wording"', "these words together"),
    ("proof*", "any ending"),
    ("subject:quote", "in the subject"),
    ("has:attachment", "with files"),
    ("in:sent", "what we sent"),
    ("mailbox:priya", "in that mailbox of the team"),
    ("in:notes", "notes, calls, meetings, tasks"),
)
_NARROWER = (
    ("Incoming", "in:inbox"),
    ("Outgoing", "in:sent"),
    ("With files", "has:attachment"),
    ("Notes and calls", "in:notes"),
)


@dataclass(frozen=True, slots=True)
class EmailRow:
    """An email that was found, and between whom it went."""

    email: SeenMessage
    subject: tuple[Segment, ...]
    excerpt: tuple[Segment, ...]
    writer: str
    to: str


@dataclass(frozen=True, slots=True)
class WrittenRow:
    """A note, call, meeting or task that was found."""

    activity: Activity
    excerpt: tuple[Segment, ...]
    icon: str
    lead: str


@member_required
@require_GET
def find(request: MemberRequest) -> HttpResponse:
    """Show what this person may find for the words in the address; nothing typed yet shows what can be asked."""
    text = request.GET.get("q", "").strip()
    results, refused = Results((), (), ""), None
    if text:
        try:
            results = search(request.member, text, cursor=request.GET.get("cursor", ""))
        except (Invalid, NotNow) as problem:
            refused = problem
    return render_page(
        request,
        "web/search.html",
        {
            **_context(text, refused, is_first=not request.GET.get("cursor")),
            "results": results,
            "rows": _rows(results, request.member),
        },
        fragment="web/search_results.html",
        status=422 if refused else 200,
    )


def _rows(results: Results, member: Membership) -> list[EmailRow | WrittenRow]:
    who = who_is_who(member)
    return [
        _email_row(one, who) if isinstance(one, Hit) else _written_row(one, who)
        for one in results.in_order
    ]


def _email_row(hit: Hit, who: WhoIsWho) -> EmailRow:
    people = hit.email.people
    writer = next((who.full(one.name, one.address) for one in people if one.role == "from"), "")
    to = who.names([one for one in people if one.role in {"to", "cc"}])
    return EmailRow(hit.email, hit.subject, hit.excerpt, writer, to)


def _written_row(found: WrittenFound, who: WhoIsWho) -> WrittenRow:
    kind = type_of(found.activity.type)
    by = who.team_mate(found.activity.user)
    return WrittenRow(found.activity, found.excerpt, icon_of(kind), f"{kind.words} by {by}")


def _context(text: str, refused: Refused | None, *, is_first: bool) -> dict[str, object]:
    today = localdate()
    month_ago = f"after:{today - timedelta(days=30):%Y-%m-%d}"
    return {
        "q": text,
        "refused": refused,
        "is_first": is_first,
        "examples": (*_EXAMPLES, (f"after:{today.year}-01-01", "since that day")),
        "narrowings": [
            _narrowing(text, label, part)
            for label, part in (*_NARROWER, ("Last 30 days", month_ago))
        ],
    }


def _narrowing(text: str, label: str, part: str) -> tuple[str, bool, str]:
    """Return a filter's label, whether it is on, and the search that turns it on or off."""
    parts = text.split(" ")
    if part in parts:
        return label, True, " ".join(one for one in parts if one != part)
    return label, False, f"{text} {part}"
