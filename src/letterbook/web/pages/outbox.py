"""The outbox: what needs a decision, what is on its way, what was written and what was sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db.models import Q
from django.http import HttpResponse
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_GET

from letterbook.kit.cursors import Position, read_cursor, write_cursor
from letterbook.mailboxes.models import Kind, Mailbox
from letterbook.outgoing.models import OutgoingEmail, OutgoingEmailQuerySet
from letterbook.outgoing.reading import (
    MOST_COUNTED,
    OutboxCounts,
    emails_for,
    outbox_counts,
    with_news,
)
from letterbook.outgoing.status import Status
from letterbook.outgoing.workers import are_silent, last_report
from letterbook.teams.models import Membership
from letterbook.web.outbox_filters import Asked, choices_for, emails_asked, read_asked
from letterbook.web.outgoing_rows import OutgoingRow, show_rows, with_rows
from letterbook.web.requests import MemberRequest, member_required, render_page
from letterbook.web.who_is_who import who_is_who

ROWS = 25
_LATELY = timedelta(days=1)
_NEWS_SHOWN = 10
_TABS = {
    "": "To watch",
    "failed": "Failed",
    "queued": "Queued",
    "drafts": "Drafts",
    "sent": "Sent",
}
_STATUS_OF_TAB = {
    "failed": Status.FAILED,
    "queued": Status.QUEUED,
    "drafts": Status.DRAFT,
    "sent": Status.SENT,
}
_EMPTY = {
    "": ("Nothing is on its way.", "What you send appears here until Gmail has taken it."),
    "failed": ("Nothing failed.", "An email that could not be sent stands here with its way out."),
    "queued": ("Nothing is queued.", "What waits to be sent stands here, with the time it goes."),
    "drafts": ("No drafts.", "Whatever you begin to write is kept here by itself."),
    "sent": ("Nothing was sent from here yet.", "Each email stays here with its whole story."),
}
_NOT_FOUND = ("Nothing fits these filters.", "Choose fewer of them, or look under another heading.")


@dataclass(frozen=True, slots=True)
class Section:
    """A headed part of the list; `url` leads to where all of it is, `way` says so."""

    title: str
    rows: list[OutgoingRow]
    count: int
    text: str = ""
    is_decision: bool = False
    is_news: bool = False
    url: str = ""
    way: str = ""


Show = Callable[[Iterable[OutgoingEmail]], list[OutgoingRow]]


@require_GET
@member_required
def outbox(request: MemberRequest) -> HttpResponse:
    """Show the outbox; to htmx only its list."""
    return render_page(
        request, "web/outbox/page.html", outbox_context(request), fragment="web/outbox/list.html"
    )


def outbox_context(request: MemberRequest) -> dict[str, Any]:
    """Return all that the outbox's templates need."""
    at, member = now(), request.member
    chosen = request.GET.get("show", "")
    chosen = chosen if chosen in _TABS else ""
    asked = read_asked(request.GET)
    counts = outbox_counts(member)
    show = partial(show_rows, member=member, who=who_is_who(member), at=at)
    if chosen or asked.is_narrowed:
        sections, cursor = _list(request, chosen, asked, show, at=at)
    else:
        sections, cursor = _to_watch(member, counts, show, at=at), ""
    return head_context(member, counts, chosen, at=at) | {
        "sections": [one for one in sections if one.rows],
        "chosen": chosen,
        "asked": asked,
        "choices": choices_for(member, asked),
        "next_cursor": cursor,
        "cursor": request.GET.get("cursor", ""),
        "empty": _NOT_FOUND if asked.is_narrowed else _EMPTY[chosen],
    }


def head_context(
    member: Membership, counts: OutboxCounts, chosen: str, *, at: datetime
) -> dict[str, Any]:
    """Return what stands above every list of the outbox: tabs, a sentence, and what holds everything up."""
    reported_at = last_report()
    return {
        "tabs": _tabs(counts, chosen),
        "summary": _summary(counts),
        "held": _held(member, at=at),
        "may_pause": Mailbox.objects.sendable_by(member).filter(is_sending_paused=False),
        "may_administer": member.may_administer,
        "reported_at": reported_at,
        "is_silent": are_silent(reported_at, at=at),
    }


def _held(member: Membership, *, at: datetime) -> list[Mailbox]:
    """Return the mailboxes from which nothing leaves just now although they are connected."""
    is_held = Q(is_sending_paused=True) | Q(sending_limited_until__gt=at)
    boxes = Mailbox.objects.visible_to(member).filter(is_held, kind=Kind.GMAIL)
    return list(boxes.select_related("owner", "sending_paused_by").order_by("address_key"))


def _to_watch(
    member: Membership, counts: OutboxCounts, show: Show, *, at: datetime
) -> list[Section]:
    # To find out at length that there is nothing takes as long as to find something.
    has_failed, has_sent = counts.failed > 0, counts.sent > 0
    news = _news(member, show, at=at) if has_sent else []
    lately = _sent_lately(member, news, show, at=at) if has_sent else []
    return [
        Section(
            "Needs a decision",
            _undecided(member, show) if has_failed else [],
            counts.to_decide,
            is_decision=True,
            url=reverse("failures"),
            way="Failure desk",
        ),
        Section(
            "On their way",
            _waiting(member, show) if counts.queued else [],
            counts.queued,
            "What leaves first is on top",
            url=_tab_url("queued") if counts.queued > ROWS else "",
            way="All that is queued",
        ),
        Section(
            "Later facts",
            news,
            len(news),
            "Sent stays sent; what came back is shown beside it",
            is_news=True,
        ),
        Section("Sent today", lately, len(lately)),
    ]


def _undecided(member: Membership, show: Show) -> list[OutgoingRow]:
    own = OutgoingEmail.objects.writable_by(member)
    undecided = own.filter(status=Status.FAILED, resolved_at=None).order_by("-updated_at", "-id")
    return show(with_rows(undecided)[:ROWS])


def _waiting(member: Membership, show: Show) -> list[OutgoingRow]:
    emails = OutgoingEmail.objects.visible_to(member)
    return show(with_rows(emails.filter(status=Status.QUEUED).order_by("due_at", "id"))[:ROWS])


def _news(member: Membership, show: Show, *, at: datetime) -> list[OutgoingRow]:
    return [row for row in show(with_rows(with_news(member, at=at))[:_NEWS_SHOWN]) if row.news]


def _sent_lately(
    member: Membership, besides: list[OutgoingRow], show: Show, *, at: datetime
) -> list[OutgoingRow]:
    emails = OutgoingEmail.objects.visible_to(member)
    lately = emails.filter(status=Status.SENT, sent_at__gt=at - _LATELY).order_by("-sent_at", "-id")
    others = lately.exclude(pk__in=[row.email.pk for row in besides])
    return show(with_rows(others)[:10])


def _list(
    request: MemberRequest, chosen: str, asked: Asked, show: Show, *, at: datetime
) -> tuple[list[Section], str]:
    """Return one tab's emails, cut by (time, id): nothing is skipped or shown twice."""
    status = _STATUS_OF_TAB.get(chosen)
    emails = with_rows(
        emails_for(request.member, emails_asked(request.member, asked, status=status, at=at))
    )
    after = read_cursor(request.GET.get("cursor", ""))
    ordered = _by_turn(emails, after) if chosen == "queued" else _by_change(emails, after)
    found = list(ordered[: ROWS + 1])
    cursor = _cursor(found[ROWS - 1], chosen) if len(found) > ROWS else ""
    rows = show(found[:ROWS])
    return [Section("", rows, len(rows))], cursor


def _by_change(emails: OutgoingEmailQuerySet, after: Position | None) -> OutgoingEmailQuerySet:
    """The last changed first."""
    if after:
        is_beyond = Q(updated_at__lt=after.at) | Q(pk__lt=after.id)
        emails = emails.filter(is_beyond, updated_at__lte=after.at)
    return emails.order_by("-updated_at", "-id")


def _by_turn(emails: OutgoingEmailQuerySet, after: Position | None) -> OutgoingEmailQuerySet:
    """What leaves first on top."""
    if after:
        emails = emails.filter(Q(due_at__gt=after.at) | Q(pk__gt=after.id), due_at__gte=after.at)
    return emails.order_by("due_at", "id")


def _cursor(last: OutgoingEmail, chosen: str) -> str:
    at = last.due_at if chosen == "queued" and last.due_at else last.updated_at
    return write_cursor(Position(at, last.pk))


def _tabs(counts: OutboxCounts, chosen: str) -> list[dict[str, Any]]:
    numbers = {
        "": counts.to_decide + counts.queued,
        "failed": counts.failed,
        "queued": counts.queued,
        "drafts": counts.draft,
        "sent": counts.sent,
    }
    return [
        {
            "label": label,
            "url": _tab_url(name),
            "count": numbers[name] or None,
            "is_bounded": True,
            "is_current": name == chosen,
        }
        for name, label in _TABS.items()
    ]


def _tab_url(name: str) -> str:
    if name == "failed":
        return reverse("failures")
    return f"{reverse('outbox')}?show={name}" if name else reverse("outbox")


def _summary(counts: OutboxCounts) -> str:
    decide, waiting = counts.to_decide, counts.queued
    needs = f"{in_words(decide)} {'needs' if decide == 1 else 'need'} a decision."
    going = f"{in_words(waiting)} {'is on its' if waiting == 1 else 'are on their'} way."
    if not decide and not waiting:
        return "Nothing needs you, and nothing is on its way."
    return " ".join(said for count, said in ((decide, needs), (waiting, going)) if count)


def in_words(count: int) -> str:
    """Return "Two emails", and for what was not counted on "More than 1,000 emails"."""
    words = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")
    if count > MOST_COUNTED:
        return f"More than {MOST_COUNTED:,} emails"
    number = words[count] if count < len(words) else f"{count:,}"
    return f"{number} email{'' if count == 1 else 's'}"
