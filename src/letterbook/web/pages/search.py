"""Finding emails and people."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpResponse
from django.utils.timezone import localdate
from django.views.decorators.http import require_GET

from letterbook.kit.refusals import Invalid, NotNow, Refused
from letterbook.search.finding import Results, search
from letterbook.web.requests import MemberRequest, member_required, render_page

_EXAMPLES = (
    ("from:ruth", "who wrote it"),
    ("with:ruth", "anyone on it"),
    ('"final wording"', "these words together"),
    ("proof*", "any ending"),
    ("subject:quote", "in the subject"),
    ("has:attachment", "with files"),
    ("in:sent", "what we sent"),
)
_NARROWER = (("Incoming", "in:inbox"), ("Outgoing", "in:sent"), ("With files", "has:attachment"))


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
        _context(text, results, refused, is_first=not request.GET.get("cursor")),
        fragment="web/search_results.html",
        status=422 if refused else 200,
    )


def _context(
    text: str, results: Results, refused: Refused | None, *, is_first: bool
) -> dict[str, object]:
    today = localdate()
    month_ago = f"after:{today - timedelta(days=30):%Y-%m-%d}"
    return {
        "q": text,
        "results": results,
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
