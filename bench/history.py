"""A long history: timelines, lists, search and conversations, in the database and from one web process.

The viewer is a signed-in member behind both walls: `visible_to`, and PostgreSQL's row-level security.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.timezone import now

from bench.browser import Browser, signed_in
from bench.crowd import ORIGINALS, Crowd, Size, make_crowd
from bench.figures import Findings, in_ms
from bench.list_questions import lists_of
from bench.people import COMPANIES, make_people
from bench.plans import in_database
from bench.team import a_team
from letterbook.contacts.duplicates import list_duplicates
from letterbook.contacts.models import Contact
from letterbook.correspondence.conversations import read_conversation
from letterbook.correspondence.models import Message
from letterbook.incoming.rules_shown import preview_rule
from letterbook.insights.overview import overview_of
from letterbook.outgoing.erasing import preview_erasure
from letterbook.search.finding import search
from letterbook.teams.models import Membership
from letterbook.teams.second_wall import seen_by
from letterbook.timeline.keeping import write_activity
from letterbook.timeline.reading import cursor_before, read_timeline
from letterbook.web.contact_timeline import LINES

DIFFERENT = 300
PAGES = 15
_FIRST = datetime(2023, 1, 1, tzinfo=UTC)
_SPREAD = timedelta(minutes=10) * 200_000


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: of the database by a call, of the web process by a path."""

    ask: Callable[[], object]
    path: str


def measure() -> Findings:
    """Make the history, or find the one that was kept, and read in it."""
    messages = int(os.environ["LETTERBOOK_BENCH_MESSAGES"])
    size = Size(messages, messages // 10, busiest=messages // 20, busy=messages // 500, words=40)
    findings = Findings(f"A history of {messages:,} emails")
    crowd = _crowd(size, findings)
    with signed_in(crowd.viewer) as browser:
        for what, questions in _questions(crowd):
            with seen_by(crowd.viewer):
                findings.add(what, in_database([one.ask for one in questions]))
            findings.add("… as a page", browser.time_pages([one.path for one in questions[:PAGES]]))
            for figure in findings.figures[-2:]:
                print(f"{figure.what}: {figure.value}", flush=True)
        findings.add(
            "A new activity, from being written to being on an open page",
            _seen_by_open_page(crowd, browser),
        )
    findings.remarks.append(
        f"{size.messages:,} messages in five mailboxes (the viewer's own, two shared in full, one by subject, one"
        f" private), {size.contacts:,} contacts of {COMPANIES:,} companies, the busiest with {size.busiest:,} emails;"
        f" made by SQL from {ORIGINALS} letters that were parsed and stored the real way. Row-level security is on."
        " In the database: what EXPLAIN ANALYZE says each statement of the question takes to execute, and to plan, as"
        " a member who is signed in; as a page: over HTTP from one web process, templates included."
    )
    return findings


def _crowd(size: Size, findings: Findings) -> Crowd:
    made = Path(os.environ["LETTERBOOK_HOME"], "history-made")
    if made.exists():
        kept, _, took = made.read_text().partition("\n")
        if kept != str(size):
            raise SystemExit(f"What is kept there is another history: {kept}")
        findings.remarks.append(took)
        [viewer] = Membership.objects.filter(user__email="owner@bench.example")
        return Crowd(
            viewer, [str(pk) for pk in Contact.objects.order_by("pk").values_list("pk", flat=True)]
        )
    if Membership.objects.exists():
        raise SystemExit("What is kept there was not finished: delete the folder.")
    began = time.perf_counter()
    viewer = a_team()
    crowd = make_crowd(viewer, size, contacts=make_people(viewer, size.contacts))
    took = f"Made in {time.perf_counter() - began:.0f} s."
    made.write_text(f"{size}\n{took}")
    findings.remarks.append(took)
    return crowd


def _questions(crowd: Crowd) -> Iterator[tuple[str, list[Question]]]:
    viewer, busiest = crowd.viewer, UUID(crowd.contacts[0])
    step = len(crowd.contacts) // DIFFERENT
    some = [UUID(one) for one in crowd.contacts[2::step][:DIFFERENT]]
    yield (
        "First timeline page of the busiest contact",
        [_timeline(viewer, busiest)] * (DIFFERENT // 6),
    )
    moments = [_FIRST + _SPREAD * (one + 1) / DIFFERENT for one in range(DIFFERENT)]
    cursors = [cursor_before(one) for one in moments]
    yield "… a later one, anywhere", [_timeline(viewer, busiest, one) for one in cursors]
    yield "First timeline page of other contacts", [_timeline(viewer, one) for one in some]
    for what, filters in lists_of(viewer):
        yield what, [Question(*one) for one in filters]
    for what, first, last in (
        ("Search for frequent words", 1, 20),
        ("Search for words of middling frequency", 20, 200),
        ("Search for rare words", 10_000, 20_000),
    ):
        words = [f"r{one}" for one in range(first, last, max(1, (last - first) // 20))]
        yield what, [_search(viewer, one) for one in words]
    newest = Message.objects.visible_to(viewer).order_by("-occurred_at", "-id")
    threads = newest.values_list("thread_id", flat=True)[: DIFFERENT * 10 : 30]
    yield "Insights of three months", [_insights(viewer)] * PAGES
    yield "Contacts that may be one person", [_duplicates(viewer)] * PAGES
    yield "Preview of the busiest contact's erasure", [_erasure(viewer, busiest)] * PAGES
    yield "Preview of a rule about a domain", [_rule(viewer)] * PAGES
    yield "A conversation", [_conversation(viewer, one) for one in threads]


def _timeline(viewer: Membership, contact_id: UUID, cursor: str = "") -> Question:
    contact = Contact.objects.get(pk=contact_id)
    path = f"/contacts/{contact_id}?{urlencode({'cursor': cursor} if cursor else {})}"
    return Question(lambda: read_timeline(viewer, contact, cursor=cursor, limit=LINES), path)


def _search(viewer: Membership, words: str) -> Question:
    return Question(lambda: search(viewer, words), f"/search?{urlencode({'q': words})}")


def _conversation(viewer: Membership, thread_id: UUID) -> Question:
    return Question(lambda: read_conversation(viewer, thread_id), f"/conversations/{thread_id}")


def _insights(viewer: Membership) -> Question:
    def ask() -> object:
        return overview_of(viewer, at=now(), zone=ZoneInfo("Europe/London"), weeks=12)

    return Question(ask, "/insights?weeks=12")


def _duplicates(viewer: Membership) -> Question:
    return Question(lambda: list_duplicates(viewer), "/contacts/duplicates")


def _erasure(viewer: Membership, contact_id: UUID) -> Question:
    contact = Contact.objects.get(pk=contact_id)
    return Question(lambda: preview_erasure(viewer, contact), f"/contacts/{contact_id}/erase")


def _rule(viewer: Membership) -> Question:
    asked = {"kind": "domain", "text": "company1.example"}
    return Question(
        lambda: preview_rule(viewer, mailbox=None, **asked), f"/team/rules?{urlencode(asked)}"
    )


def _seen_by_open_page(crowd: Crowd, browser: Browser) -> str:
    """From the writing of a note to having it in the part of the page that is asked for when an event is heard."""
    contact = Contact.objects.get(pk=crowd.contacts[0])
    newest = {"HX-Request": "true", "HX-Target": "newest"}
    taken = []
    with browser.events() as heard:
        for number in range(20):
            while not heard.empty():
                heard.get()
            began, text = time.perf_counter(), f"Called {number} at {now()}."
            with seen_by(crowd.viewer):
                write_activity(crowd.viewer, contact, type="call", text=text, at=now())
            while "activity" not in heard.get(timeout=30):
                pass
            if text[:20] not in browser.get(f"/contacts/{contact.pk}", **newest):
                raise RuntimeError("the new line is not on the page")
            taken.append((time.perf_counter() - began) * 1000)
    return in_ms(taken)
