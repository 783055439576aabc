"""The list of contacts with each of its filters and orders, page after page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.timezone import now

from bench.people import VALUES
from letterbook.contacts.filtering import ContactFilter
from letterbook.contacts.models import Company, CustomField, Tag
from letterbook.teams.models import Membership
from letterbook.timeline.contact_list import list_filtered
from letterbook.web.contact_filters import read_contact_filter

PAGES = 12
Asked = tuple[Callable[[], object], str]


def lists_of(viewer: Membership) -> Iterator[tuple[str, list[Asked]]]:
    """Give each filter and order with some pages of it: the call, and the path of the page."""
    tag = Tag.objects.visible_to(viewer).get(key="tag 7")
    field = CustomField.objects.visible_to(viewer).get()
    company = Company.objects.visible_to(viewer).order_by("key")[7]
    for what, query in {
        "by name": {},
        "last added": {"order": "added"},
        "a word": {"q": "person12"},
        "the viewer's own": {"owner": "me"},
        "nobody's": {"owner": "nobody"},
        "a tag": {"tag": str(tag.pk)},
        "a company": {"company": str(company.pk)},
        "a field's value": {"field": str(field.pk), "value": f"Plan {VALUES // 2}"},
        "quiet for a year": {"quiet": "365"},
        "quiet for a year, last added": {"quiet": "365", "order": "added"},
        "who never answered us": {"answered": "never-by-them"},
        "who waits for our answer": {"answered": "never-by-us"},
        "whose email came back": {"bounced": "1"},
        "a tag, and quiet for a year": {"tag": str(tag.pk), "quiet": "365"},
    }.items():
        yield f"Contacts: {what}", list(_pages(viewer, query, at=now()))


def _pages(viewer: Membership, query: dict[str, str], *, at: datetime) -> Iterator[Asked]:
    asked, cursor = read_contact_filter(QueryDict(urlencode(query))).filter, ""
    for _ in range(PAGES):
        path = f"/contacts?{urlencode({**query, 'cursor': cursor})}"
        yield _asking(viewer, asked, cursor, at), path
        cursor = list_filtered(viewer, asked, cursor=cursor, at=at).next_cursor
        if not cursor:
            return


def _asking(
    viewer: Membership, asked: ContactFilter, cursor: str, at: datetime
) -> Callable[[], object]:
    return lambda: list_filtered(viewer, asked, cursor=cursor, at=at)
