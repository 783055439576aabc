"""What people did, for those who administer the team: to read, to narrow, to take along."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils.timezone import get_current_timezone, now
from django.views.decorators.http import require_GET, require_POST

from letterbook.contacts.csv_rows import FORMULA_SIGNS
from letterbook.kit.refusals import NotAllowed
from letterbook.mailboxes.models import Sharing
from letterbook.teams.audit import record_audit
from letterbook.teams.audit_reading import (
    AuditFilter,
    all_entries,
    kinds_of_entries,
    people_named,
    read_audit,
)
from letterbook.teams.models import AuditEntry, Membership, display_name
from letterbook.web.requests import MemberRequest, member_required, render_page
from letterbook.web.templatetags.times import date_and_time

_PAGES = {
    "contact": "contact",
    "mailbox": "mailbox",
    "outgoing_email": "outgoing-email",
    "company": "company",
}
# Details that may say how widely something is shared.
_SAY_A_LEVEL = {"sharing", "old", "new"}
# Details that say a moment, as ISO 8601.
_SAY_A_TIME = {"until"}


class FilterForm(forms.Form):
    """What the log is narrowed to; what makes no sense narrows nothing."""

    who = forms.UUIDField(required=False)
    what = forms.CharField(required=False, max_length=60)
    since = forms.DateField(required=False)
    until = forms.DateField(required=False)


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """An entry as the page draws it: `url` leads to what it is about, where that has a page."""

    number: int
    at: datetime
    who: str
    what: str
    details: tuple[tuple[str, str], ...]
    url: str


@require_GET
@member_required
def audit(request: MemberRequest) -> HttpResponse:
    """Show what people did, newest first."""
    asked, typed = _asked(request)
    older_than = request.GET.get("older_than", "")
    page = read_audit(
        request.member, asked, older_than=int(older_than) if older_than.isdecimal() else 0
    )
    team = request.member.team
    names = people_named(page.entries)
    context = {
        "entries": [_shown(entry, names) for entry in page.entries],
        "typed": typed,
        "is_narrowed": asked != AuditFilter(),
        "query": urlencode(typed),
        "older": f"?{urlencode({**typed, 'older_than': page.older_than})}"
        if page.older_than
        else "",
        "kinds": kinds_of_entries(request.member),
        "people": Membership.objects.filter(team_id=team.pk).select_related("user"),
        "length": team.audit_length,
        "fingerprint": bytes(team.audit_hash).hex()[:16],
    }
    return render_page(request, "web/audit.html", context)


@require_POST
@member_required
def export_audit(request: MemberRequest) -> HttpResponse:
    """Hand out the log, narrowed as the page is, as a CSV file; that it was taken stands in it."""
    member = request.member
    if not member.may_administer:
        raise NotAllowed("Only an owner or admin reads what was done in the team.")
    asked, _ = _asked(request)
    record_audit("audit log exported", team_id=member.team_id, user=member.user, at=now())
    content = "".join(_csv(member, asked))
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="audit-log.csv"'
    return response


def _asked(request: MemberRequest) -> tuple[AuditFilter, dict[str, str]]:
    form = FilterForm(request.GET)
    form.is_valid()
    typed = {name: str(value) for name, value in form.cleaned_data.items() if value}
    values = form.cleaned_data
    until = values.get("until")
    asked = AuditFilter(
        user_id=values.get("who"),
        what=values.get("what") or "",
        since=_start_of(values["since"]) if values.get("since") else None,
        until=_start_of(until + timedelta(days=1)) if until else None,
    )
    return asked, typed


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time(), get_current_timezone())


def _shown(entry: AuditEntry, names: Mapping[str, str]) -> ShownEntry:
    page = _PAGES.get(entry.subject_type)
    return ShownEntry(
        number=entry.number,
        at=entry.at,
        who=display_name(entry.user) if entry.user else "Letterbook",
        what=entry.what,
        details=(*_about(entry, names), *_details(entry, names)),
        url=reverse(page, args=[entry.subject_id]) if page and entry.subject_id else "",
    )


def _about(entry: AuditEntry, names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    # What somebody did to themselves is about them already.
    if entry.subject_type == "user" and entry.subject_id != str(entry.user_id):
        yield "", names.get(entry.subject_id, "someone who left")


def _details(entry: AuditEntry, names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in entry.details.items():
        yield name.replace("_", " "), names.get(str(value)) or _words(name, value)


def _words(name: str, value: object) -> str:
    if name in _SAY_A_LEVEL and str(value).upper() in Sharing.names:
        return Sharing[str(value).upper()].label.lower()
    if name in _SAY_A_TIME and value:
        return date_and_time(datetime.fromisoformat(str(value)))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _csv(member: Membership, asked: AuditFilter) -> Iterator[str]:
    columns = ("number", "at", "who", "what", "about", "id", "details")
    yield _line(columns)
    for entry in all_entries(member, asked):
        yield _line(
            (
                str(entry.number),
                entry.at.isoformat(),
                str(entry.user or ""),
                entry.what,
                entry.subject_type,
                entry.subject_id,
                json.dumps(entry.details, ensure_ascii=False),
            )
        )


def _line(cells: tuple[str, ...]) -> str:
    line = io.StringIO()
    # A text that a spreadsheet would take for a formula is none.
    inert = [f"'{cell}" if cell[:1] in FORMULA_SIGNS and cell else cell for cell in cells]
    csv.writer(line).writerow(inert)
    return line.getvalue()
