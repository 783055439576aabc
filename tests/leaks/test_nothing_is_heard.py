"""S76: what alice does with what is hers alone is heard by nobody else, on no stream of events; by herself it is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.test import AsyncClient
from django.utils.timezone import now

from leaks.world import in_the_open, keep_to_oneself
from letterbook.outgoing.drafts import DraftText, edit_draft
from letterbook.outgoing.models import OutgoingEmail
from letterbook.teams.events import announce
from letterbook.teams.models import Membership
from letterbook.teams.tokens import create_token
from letterbook.timeline.deleting import delete_activity, restore_activity
from letterbook.timeline.keeping import pin_activity, rewrite_activity
from written import a_queued_email

pytestmark = pytest.mark.django_db(transaction=True)


async def _stream(member: Membership, *, is_api: bool) -> Any:
    """A stream that hears: its first "look again at everything" says that it listens."""
    browser, headers = AsyncClient(), {}
    if is_api:
        token = await sync_to_async(create_token)(member, name="A program", at=now())
        headers = {"Authorization": f"Bearer {token}"}
    else:
        await browser.aforce_login(member.user)
    answer = await browser.get("/api/v1/events" if is_api else "/events", headers=headers)
    stream = aiter(answer.streaming_content)
    for _ in ("retry", "everything"):
        await _next(stream)
    return stream


async def _next(stream: Any) -> str:
    heard: bytes = await asyncio.wait_for(anext(stream), timeout=20)
    return heard.decode()


def heard_by(people: dict[str, Membership], act: Callable[[], None]) -> dict[str, str]:
    """What each person's page and program hear while somebody acts."""

    @async_to_sync
    async def hear() -> dict[str, str]:
        streams = {
            (who, is_api): await _stream(member, is_api=is_api)
            for who, member in people.items()
            for is_api in (False, True)
        }
        await sync_to_async(act)()
        for member in {one.team_id: one for one in people.values()}.values():
            await sync_to_async(announce)("mailbox", team_id=member.team_id, row_id=member.team_id)
        told = {}
        for (who, is_api), stream in streams.items():
            texts = [await _next(stream)]
            while str(people[who].team_id) not in texts[-1]:
                texts.append(await _next(stream))
            told[f"{who} {'api' if is_api else 'page'}"] = "".join(texts[:-1])
            await stream.aclose()
        return told

    return hear()


def test_what_is_done_with_what_is_hidden_is_heard_by_herself_alone(alice, bob, charlie):
    at = now() - timedelta(days=3, minutes=30)
    shown = in_the_open(alice, bob, charlie, at=at)
    hidden = keep_to_oneself(alice, shown, at=at)

    def act() -> None:
        note = hidden["activity"]
        rewrite_activity(alice, note, text="hushnote, once more", at=at)
        pin_activity(alice, note, is_pinned=True, at=at)
        delete_activity(alice, note, at=at)
        restore_activity(alice, note, at=at)
        email = OutgoingEmail.objects.get(pk=hidden["email"])
        edit_draft(alice, email, text=DraftText(subject="hushdraft"), version=email.version, at=at)
        a_queued_email(alice, shown["box"], at=at, subject="hushqueued")

    heard = heard_by({"alice": alice, "bob": bob, "charlie": charlie}, act)
    others = {who: text for who, text in heard.items() if not who.startswith("alice")}
    assert others == dict.fromkeys(others, "")
    assert str(hidden["activity"]) in heard["alice page"]
    assert heard["alice page"] == heard["alice api"]


def test_a_note_that_becomes_private_is_heard_once_more_by_those_who_saw_it(alice, bob, charlie):
    """Their open pages let go of it."""
    shown = in_the_open(alice, bob, charlie, at=now())
    heard = heard_by(
        {"bob": bob, "charlie": charlie},
        lambda: rewrite_activity(alice, shown["activity"], is_private=True, at=now()),
    )
    assert str(shown["activity"]) in heard["bob page"]
    assert heard["charlie page"] == heard["charlie api"] == ""
