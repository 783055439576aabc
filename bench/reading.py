"""Reading: timeline pages and searches in a large history, in the database and as pages."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.test import Client
from django.utils.http import urlencode

from bench.crowd import ORIGINALS, USUAL, Crowd, make_crowd
from bench.figures import Findings, in_ms, latencies
from bench.team import a_team
from letterbook.contacts.models import Contact
from letterbook.correspondence.models import Message
from letterbook.search.finding import search
from letterbook.timeline.reading import read_timeline
from letterbook.web.contact_timeline import LINES

TIMES = 50
# Words that the copies add: the n-th is n times rarer than the first.
_WORDS = {"a rare word": "r20011", "a word of middling frequency": "r40", "a common word": "r1"}


def measure() -> Findings:
    """Make the history and read in it."""
    findings = Findings("Reading")
    began = time.perf_counter()
    crowd = make_crowd(a_team())
    seconds = time.perf_counter() - began
    busiest, busy, *others = Contact.objects.in_bulk(crowd.contacts).values()
    contacts = [("busiest", [busiest]), ("busy", [busy]), ("ordinary", others)]
    counted = {
        USUAL.busiest: "busiest",
        USUAL.busy: "busy",
        (USUAL.messages - USUAL.busiest - USUAL.busy) // USUAL.contacts: "ordinary",
    }
    sizes = {name: number for number, name in counted.items()}
    for name, some in contacts:
        _timelines(findings, crowd, f"a contact with {sizes[name]:,} emails", some)
    _searches(findings, crowd)
    findings.remarks += [
        f"{USUAL.messages:,} messages in five mailboxes (the viewer's own, two shared in full, one by subject, one"
        f" private), {USUAL.contacts:,} contacts. Made in {seconds:.0f} s by SQL from {ORIGINALS} letters that were"
        " parsed and stored the real way: each copy has a contact, a time, a thread, a mailbox and six words of its"
        " own.",
        f"{TIMES} calls each, warm. “In the database” is the one function that page, API and command line call;"
        " “as a page” is a request through Django's test client, templates included. The totals beside a timeline count"
        " the newest three hundred emails, so a contact's page costs about the same however long their history is.",
    ]
    return findings


def _timelines(findings: Findings, crowd: Crowd, whose: str, contacts: list[Contact]) -> None:
    client = _client(crowd)
    # The tenth page of an ordinary contact does not exist; so many pages back as there are.
    pages = [_cursor(crowd, contact, page=9) for contact in contacts[: TIMES + 2]]
    chosen = list(zip(contacts, pages, strict=False))

    def first(number: int) -> None:
        read_timeline(crowd.viewer, chosen[number % len(chosen)][0], limit=LINES)

    def later(number: int) -> None:
        contact, cursor = chosen[number % len(chosen)]
        read_timeline(crowd.viewer, contact, cursor=cursor, limit=LINES)

    def page(number: int) -> None:
        _get(client, f"/contacts/{chosen[number % len(chosen)][0].pk}")

    def later_page(number: int) -> None:
        contact, cursor = chosen[number % len(chosen)]
        _get(client, f"/contacts/{contact.pk}", cursor=cursor)

    depth = "tenth" if len(contacts) == 1 else "last"
    _add(findings, f"Timeline of {whose}, first {LINES} lines, in the database", first)
    _add(findings, f"… {depth} page, in the database", later)
    _add(findings, "… first, as a page", page)
    _add(findings, f"… {depth}, as a page", later_page)


def _cursor(crowd: Crowd, contact: Contact, *, page: int) -> str:
    cursor = ""
    for _ in range(page):
        further = read_timeline(crowd.viewer, contact, cursor=cursor, limit=LINES).next_cursor
        if not further:
            return cursor
        cursor = further
    return cursor


def _searches(findings: Findings, crowd: Crowd) -> None:
    client = _client(crowd)
    text = Message.objects.exclude(text="").values_list("text", flat=True)[0]
    phrase = '"' + " ".join(text.split()[1:3]) + '"'
    for what, words in {**_WORDS, "a phrase": phrase}.items():
        number = Message.objects.filter(text__iregex=rf"\y{words.strip(chr(34))}\y").count()
        label = f"Search for {what} (in {number:,} emails)"
        _add(findings, f"{label}, in the database", _asking(crowd, words))
        _add(findings, "… as a page", _asking_page(client, words))


def _asking(crowd: Crowd, words: str) -> Callable[[int], object]:
    return lambda _: search(crowd.viewer, words)


def _asking_page(client: Client, words: str) -> Callable[[int], object]:
    return lambda _: _get(client, "/search", q=words)


def _client(crowd: Crowd) -> Client:
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(
        crowd.viewer.user, backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    return client


def _get(client: Client, path: str, **parameters: str) -> None:
    answer = client.get(f"{path}?{urlencode(parameters)}")
    if answer.status_code != 200:
        raise RuntimeError(f"{answer.status_code} for {path}")


def _add(findings: Findings, what: str, act: Callable[[int], object]) -> None:
    queries: list[object] = []

    def count(execute: Callable[..., Any], *about: Any) -> Any:  # Any: Django's own shape
        queries.append(about[0])
        return execute(*about)

    with connection.execute_wrapper(count):
        act(0)
    findings.add(what, f"{in_ms(latencies(act, times=TIMES))}, {len(queries)} queries")
