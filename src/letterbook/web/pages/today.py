"""Today: who waits, what did not go out, what needs doing. Before anything is there: three ways to begin."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.timezone import localdate, localtime, now
from django.views.decorators.http import require_GET, require_POST

from letterbook.correspondence.sharing.asking import requests_to_answer
from letterbook.correspondence.sharing.glass import glass_to_notice
from letterbook.correspondence.showing import show_message
from letterbook.correspondence.waiving import waive_answer
from letterbook.insights.advice import own_silences
from letterbook.insights.waiting import who_waits
from letterbook.mailboxes.models import Mailbox
from letterbook.outgoing.status import Status
from letterbook.outgoing.workers import are_silent, last_report
from letterbook.teams.models import Membership
from letterbook.timeline.keeping import rewrite_activity
from letterbook.timeline.models import Activity
from letterbook.timeline.to_do import tasks_now
from letterbook.web.advice_rows import advice_rows
from letterbook.web.opening_demo import COMMAND, is_local
from letterbook.web.outgoing_rows import outgoing_of, show_rows
from letterbook.web.pages.mailboxes import is_google_set_up, read_rows
from letterbook.web.requests import MemberRequest, member_required, render_page
from letterbook.web.who_is_who import who_is_who

_SHOWN = 8
_LONG = timedelta(days=1)
_SMALL_NUMBERS = (
    "Nobody",
    *("One", "Two", "Three", "Four", "Five", "Six"),
    *("Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve"),
)


@require_GET
@member_required
def today(request: MemberRequest) -> HttpResponse:
    """Show what needs this person today, or how to begin when their team has no mail yet."""
    member = request.member
    if not Mailbox.objects.visible_to(member).exists():
        return _show_first_run(request)
    return render_page(
        request, "web/today.html", _context(member, at=now()), fragment="web/today_parts.html"
    )


@require_GET
@member_required
def gone_quiet(request: MemberRequest) -> HttpResponse:
    """Show whose exchange with this person has gone quiet. A year is read for it: Today asks once, afterwards."""
    advice = advice_rows(own_silences(request.member, at=now()))
    return render(request, "web/today_quiet.html", {"advice": advice})


@require_GET
@member_required
def first_run(request: MemberRequest) -> HttpResponse:
    """Show the three ways to fill the book."""
    return _show_first_run(request)


@require_POST
@member_required
def finish_task(request: MemberRequest, activity: UUID) -> HttpResponse:
    """Say that a task is done."""
    done = rewrite_activity(request.member, activity, is_done=True, at=now())
    undo = reverse("reopen-task-today", args=[activity])
    messages.info(request, f"Done: {Truncator(done.text).chars(60)}", extra_tags=undo)
    return redirect("today")


@require_POST
@member_required
def reopen_task(request: MemberRequest, activity: UUID) -> HttpResponse:
    """Say that it is not done yet."""
    rewrite_activity(request.member, activity, is_done=False, at=now())
    return redirect("today")


@require_POST
@member_required
def need_no_answer(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Say that an email needs no answer: it stands on Today no longer."""
    email = show_message(waive_answer(request.member, pk, at=now()))
    subject = Truncator(email.subject or "No subject").chars(60)
    messages.info(request, f"Done: {subject}", extra_tags=reverse("want-answer", args=[pk]))
    return redirect("today")


@require_POST
@member_required
def want_answer(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Say that it does after all."""
    waive_answer(request.member, pk, at=None)
    return redirect("today")


def _show_first_run(request: MemberRequest) -> HttpResponse:
    context = {
        "is_empty": not Mailbox.objects.visible_to(request.member).exists(),
        "is_google_set_up": is_google_set_up(),
        "demo": _way_to_demo(request.member),
        "command": COMMAND,
    }
    return render_page(request, "web/first_run.html", context)


def _way_to_demo(member: Membership) -> str:
    """Return how this person comes to the demo: by a button, by a command, by asking, or not at all."""
    if settings.DEMO:
        return ""
    if not is_local():
        return "command"
    return "button" if member.may_administer else "ask"


def _context(member: Membership, *, at: datetime) -> dict[str, Any]:
    who = who_is_who(member)
    mine = outgoing_of(member).filter(author_id=member.user_id).order_by("-updated_at", "-id")
    rows = {
        name: show_rows(found[:_SHOWN], member=member, who=who, at=at)
        for name, found in (
            ("unsent", mine.filter(status=Status.FAILED, resolved_at=None)),
            ("drafts", mine.filter(status=Status.DRAFT)),
            ("later", mine.filter(status=Status.QUEUED)),
        )
    }
    waiting = who_waits(member, at=at)
    tasks = tasks_now(member, today=localdate(at))
    people = {one.contact.pk for one in waiting}
    own = [row for row in read_rows(member) if row.is_mine]
    reported_at = last_report()
    return {
        **rows,
        "waiting": waiting,
        "long_ago": at - _LONG,
        "tasks": tasks,
        "today": localdate(at),
        "trouble": [row for row in own if row.health.level == "bad"],
        "unreadable": [row for row in own if row.coverage and row.coverage.quarantined],
        "asked": requests_to_answer(member),
        "glass": glass_to_notice(member),
        "reported_at": reported_at,
        "is_silent": are_silent(reported_at, at=at),
        "greeting": _greeting(member, at=at),
        "finding": _finding(len(people), len(rows["unsent"]), _due(tasks)),
    }


def _greeting(member: Membership, *, at: datetime) -> str:
    hour = localtime(at).hour
    part = "morning" if 4 <= hour < 12 else "afternoon" if 12 <= hour < 18 else "evening"
    return f"Good {part}, {str(member.user).split()[0]}."


def _finding(waiting: int, unsent: int, tasks: int) -> str:
    """Say in one or two sentences what is so."""
    sentence = _of_email(waiting, unsent)
    if not tasks:
        return sentence
    return f"{sentence} {_in_words(tasks)} {'task is' if tasks == 1 else 'tasks are'} due."


def _due(tasks: list[Activity]) -> int:
    return sum(task.due_on is not None for task in tasks)


def _of_email(waiting: int, unsent: int) -> str:
    nouns = {0: "is", 1: "person is"}
    people = f"{_in_words(waiting)} {nouns.get(waiting, 'people are')}"
    if not unsent:
        return f"{people} waiting for you."
    emails = f"{_in_words(unsent).lower()} {'email' if unsent == 1 else 'emails'}"
    return f"{people} waiting for you, {'and' if waiting else 'but'} {emails} did not go out."


def _in_words(number: int) -> str:
    return _SMALL_NUMBERS[number] if number < len(_SMALL_NUMBERS) else str(number)
