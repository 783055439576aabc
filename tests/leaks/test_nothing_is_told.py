"""S76, S84: what alice keeps to herself makes no difference to what anybody else is told, not even a count."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Set
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils.timezone import now

from browsing import as_member
from leaks.routes import API_IDS, PLAIN, STREAMS, Address, form, kinds, operations, pages
from leaks.world import HUSHED, MARKED, NOTES, in_the_open, keep_to_oneself, of_nothing
from letterbook.api.urls import api
from letterbook.kit.ids import new_id
from letterbook.teams.models import Membership, Role
from letterbook.teams.tokens import create_token
from letterbook.web.urls import urlpatterns

_CHANGES = re.compile(
    r'csrf[^<>]*|name="key" value="[^"]*"|"token": "[^"]*"'
    # Where nothing is shown, what is new is what comes from now on.
    r"|seen=\w+ZmZmZmZmZmZmZm\w+"
    # How long ago a worker was heard of.
    r"|last reported [\w ]+ ago",
    re.IGNORECASE,
)


# What is new with each answer that makes something.
_MADE_NOW = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[\d:.]+|(lbk|join)_[\w-]+"
)


class Person:
    """Somebody's browser and program: what they are told, as far as it may be told twice alike."""

    def __init__(self, member: Membership | None) -> None:
        self.cookies = as_member(member).cookies if member else {}
        token = create_token(member, name="A program", at=now()) if member else "none"
        self.headers = {"Authorization": f"Bearer {token}"}

    def asks(self, address: Address, *, is_api: bool) -> tuple[int, str]:
        """Return the status, and the headers and the content as one text."""
        client = Client(headers=self.headers if is_api else None, raise_request_exception=False)
        for name, cookie in self.cookies.items():
            client.cookies[name] = cookie.value
        body = {"data": address.body}
        if is_api:
            body = {"data": json.dumps(address.body), "content_type": "application/json"}
        # What an answer leaves behind, such as the entry of an export, is not there for the next.
        with transaction.atomic():
            answer = getattr(client, address.verb)(
                address.path, **({} if address.verb == "get" else body)
            )
            content = b"".join(answer.streaming_content) if answer.streaming else answer.content
            transaction.set_rollback(True)
        headers = {name: value for name, value in answer.items() if name != "Content-Length"}
        return answer.status_code, f"{headers}\n{content.decode('utf-8', 'replace')}"


def everything_told(
    person: Person, things: dict[str, Any], *, of: Set[str] = frozenset()
) -> dict[str, tuple[int, str]]:
    """What this person is told by every address that is only looked at (and is about one of these), by its path."""
    told = {}
    for is_api, addresses in ((False, pages(things)), (True, operations(things))):
        for address in addresses:
            if address.verb == "get" and (not of or address.of & of):
                told[f"{'api ' if is_api else ''}{address.name} {address.path}"] = person.asks(
                    address, is_api=is_api
                )
    return told


def the_same(text: str, *echoes: Iterable[Any]) -> str:
    for echo in echoes:
        text = text.replace(str(echo), "ID")
    return _CHANGES.sub("", text)


def words_in(told: dict[str, tuple[int, str]], words: Iterable[str]) -> set[str]:
    """Which of the words are told, but for being repeated to whoever asked for them."""
    found = set()
    for where, (_, text) in told.items():
        asked = re.search(r"\?(?:\w+=)(.*)", where)
        text = text.lower()
        echoed = {one for one in words if asked and one in asked[1]}
        found |= {one for one in words if one in text and one not in echoed}
    return found


def live_where_it_is_morning(*members: Membership) -> None:
    """Let their pages say the same day, and the same part of it, as long as a test takes."""
    offset = (9 - now().hour + 11) % 24 - 11
    for member in members:
        member.user.time_zone = f"Etc/GMT{-offset:+d}"
        member.user.save()


@pytest.fixture
def people(alice, bob, charlie) -> dict[str, Person]:
    live_where_it_is_morning(alice, bob, charlie)
    return {
        "alice": Person(alice), "bob": Person(bob), "charlie": Person(charlie), "nobody": Person(None),
    }  # fmt: skip


def test_every_address_is_walked():
    """A new page says in routes.py what its ids are of; until then this fails."""
    named = {str(one.name) for one in urlpatterns}
    assert named == PLAIN.keys() | kinds().keys() | STREAMS
    in_api = {
        one for path in api.get_openapi_schema()["paths"] for one in re.findall(r"{(\w+)}", path)
    }
    assert in_api == API_IDS.keys()


def hers_of_nothing() -> dict[str, Any]:
    """Ids of what alice alone has, which are of nothing."""
    kinds_of_hers = (
        "merge", "split", "email", "row", "request", "admission", "template", "token", "file", "rule", "choice",
    )  # fmt: skip
    nothing = of_nothing(dict.fromkeys(kinds_of_hers, None))
    return nothing | {"row": 7, "rule": 7, "choice": 7, "content id": "none"}


def test_what_is_hidden_makes_no_difference(alice, bob, charlie, people):
    """S76, S84: pages, searches, lists, counts, exports, insights, type-ahead, API; by their every byte."""
    at = now() - timedelta(days=3, minutes=30)
    shown = in_the_open(alice, bob, charlie, at=at)
    rest = hers_of_nothing()
    before = {who: everything_told(people[who], rest | shown) for who in ("bob", "charlie")}
    hidden = keep_to_oneself(alice, shown, at=at)
    problems = []
    for who, told in before.items():
        for where, (status, text) in everything_told(people[who], rest | shown).items():
            one, other = the_same(told[where][1]), the_same(text)
            if told[where][0] != status or status >= 500 or one != other:
                problems.append((who, where, told[where][0], status, *_difference(one, other)))
    assert problems == []
    assert words_in(before["bob"], NOTES | MARKED | HUSHED) == NOTES
    assert not words_in(before["charlie"], NOTES | MARKED | HUSHED)
    hers = everything_told(people["alice"], rest | shown | hidden)
    hers |= everything_told(people["alice"], rest | shown, of={"message", "thread", "activity"})
    assert words_in(hers, NOTES | MARKED | HUSHED) == NOTES | MARKED | HUSHED


# What a member of the team finds less of than whoever administers it.
ADMINISTERED = {
    "audit", "today", "outbox", "failures", "mailboxes", "mailbox", "coverage", "mailbox-rules", "team-rules",
    "quarantined", "who-may-see", "why", "team", "erase-contact", "templates",
}  # fmt: skip


def test_administering_a_team_opens_nobodys_mail(alice, bob, charlie):
    """S76, P8: an admin learns of what alice keeps to herself no more than any team-mate, on no page of theirs.

    That she did something stands in the log, and what her programs are called; never which email, contact or label.
    """
    at = now() - timedelta(days=3, minutes=30)
    Membership.objects.filter(pk=bob.pk).update(role=Role.ADMIN)
    admin, shown = Person(bob), in_the_open(alice, bob, charlie, at=at)
    rest = hers_of_nothing()
    before = _administered(admin, rest | shown)
    keep_to_oneself(alice, shown, at=at)
    after = _administered(admin, rest | shown)
    assert words_in(after, HUSHED) == {"hushtoken"}
    differing = {
        where
        for where, (status, text) in after.items()
        if (before[where][0], the_same(before[where][1])) != (status, the_same(text))
    }
    assert {where.partition(" ")[0] for where in differing} == {"audit"}


def _administered(person: Person, things: dict[str, Any]) -> dict[str, tuple[int, str]]:
    asked = (one for one in pages(things) if one.name in ADMINISTERED)
    return {f"{one.name} {one.path}": person.asks(one, is_api=False) for one in asked}


# Hers alone: for a team-mate these are not there.
HERS = {
    "activity",
    "message",
    "thread",
    "email",
    "file",
    "template",
    "token",
    "row",
    "rule",
    "request",
    "admission",
    "choice",
}


def test_what_one_may_not_have_is_refused_like_what_is_not_there(alice, bob, charlie, people):
    """S76, D1: by every verb of every page and of the API; and nothing is changed."""
    at = now() - timedelta(days=3, minutes=30)
    shown = in_the_open(alice, bob, charlie, at=at)
    theirs = {"merge": new_id(), "split": new_id(), **shown, **keep_to_oneself(alice, shown, at=at)}
    nothing = of_nothing(theirs)
    hers = {kind: nothing[kind] for kind in HERS}
    failed = theirs | {"email": theirs["failed"]}
    problems = [
        *_differently_refused(people["charlie"], theirs, nothing),
        *_differently_refused(people["bob"], theirs, theirs | hers),
        *_differently_refused(people["bob"], failed, failed | hers, of={"email"}),
    ]
    assert problems == []


def _differently_refused(
    person: Person, theirs: dict[str, Any], missing: dict[str, Any], *, of: Set[str] = frozenset()
) -> Iterator[tuple[Any, ...]]:
    foreign = {kind for kind in theirs if theirs[kind] != missing[kind]}
    for (is_api, one), (_, other) in zip(_asked_of(theirs), _asked_of(missing), strict=True):
        hidden = one.of & foreign
        if (not hidden and one.verb == "get") or (of and not one.of & of):
            continue
        # Where two answers differ because a minute passed between them, the next two do not.
        for _ in range(2):
            told, has_changed = _asked(person, one, theirs, is_api=is_api)
            untold, _unused = _asked(person, other, missing, is_api=is_api)
            is_refused = told[0] in {403, 404, 405, 422} and not has_changed
            is_well = told == untold and (is_refused or not hidden)
            if is_well:
                break
        if not is_well:
            difference = _difference(told[1], untold[1])
            yield one.verb, one.path, told[0], untold[0], has_changed, *difference


def _asked(
    person: Person, address: Address, things: dict[str, Any], *, is_api: bool
) -> tuple[tuple[int, str], bool]:
    """The status and the text but for what is new in each, and whether anything was written."""
    before = rows_written()
    status, text = person.asks(address, is_api=is_api)
    has_changed = rows_written() != before
    return (status, _MADE_NOW.sub("", the_same(text, address.path, *_ids(things)))), has_changed


def _asked_of(things: dict[str, Any]) -> Iterator[tuple[bool, Address]]:
    for page in pages(things):
        yield False, page
        if "?" not in page.path:
            yield False, replace(page, verb="post", body=form(things))
    for operation in operations(things):
        yield True, operation


def _ids(things: dict[str, Any]) -> list[UUID]:
    return [one for one in things.values() if isinstance(one, UUID)]


def rows_written() -> int:
    """How many rows were written so far, but for when a program was last seen, and sessions."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_xact_user_tables"
            " WHERE relname NOT IN ('teams_apitoken', 'django_session')"
        )
        return int(cursor.fetchone()[0])


def _difference(one: str, other: str) -> list[str]:
    lines = difflib.unified_diff(one.splitlines(), other.splitlines(), lineterm="", n=0)
    return [line[:200] for line in lines][:8]
