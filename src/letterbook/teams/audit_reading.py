"""Reading the audit log: narrowed, newest first, a page at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from letterbook.teams.models import AuditEntry, AuditEntryQuerySet, Membership, User

AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries are meant: whose, of what kind, and from when until when; what is None or "" narrows nothing."""

    user_id: UUID | None = None
    what: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Some entries, newest first; `older_than` is the number that the next page goes on from, 0 on the last one."""

    entries: tuple[AuditEntry, ...]
    older_than: int


def read_audit(member: Membership, asked: AuditFilter, *, older_than: int = 0) -> AuditPage:
    """Return a page of the log as this member may read it; entries are numbered, so none is skipped or repeated."""
    entries = _narrowed(member, asked)
    if older_than:
        entries = entries.filter(number__lt=older_than)
    found = list(entries.select_related("user").order_by("-number")[: AT_ONCE + 1])
    shown = found[:AT_ONCE]
    return AuditPage(tuple(shown), shown[-1].number if len(found) > AT_ONCE else 0)


def all_entries(member: Membership, asked: AuditFilter) -> Iterator[AuditEntry]:
    """Yield every entry that is meant, newest first, some at a time."""
    older_than = 0
    while True:
        page = read_audit(member, asked, older_than=older_than)
        yield from page.entries
        older_than = page.older_than
        if not older_than:
            return


def kinds_of_entries(member: Membership) -> list[str]:
    """Return the kinds of entries that there are in this member's log."""
    return list(
        AuditEntry.objects.visible_to(member)
        .order_by("what")
        .values_list("what", flat=True)
        .distinct()
    )


def people_named(entries: Iterable[AuditEntry]) -> dict[str, str]:
    """Return by their ids how those are called whom entries are about, also when they left the team."""
    ids = set()
    for entry in entries:
        if entry.subject_type == "user":
            ids.add(entry.subject_id)
        if "who" in entry.details:
            ids.add(entry.details["who"])
    return {str(one.pk): str(one) for one in User.objects.filter(pk__in=ids)}


def _narrowed(member: Membership, asked: AuditFilter) -> AuditEntryQuerySet:
    entries = AuditEntry.objects.visible_to(member)
    if asked.user_id:
        entries = entries.filter(user_id=asked.user_id)
    if asked.what:
        entries = entries.filter(what=asked.what)
    if asked.since:
        entries = entries.filter(at__gte=asked.since)
    if asked.until:
        entries = entries.filter(at__lt=asked.until)
    return entries
