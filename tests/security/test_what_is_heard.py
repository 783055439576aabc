"""Live events tell nobody of a draft that is not theirs, and end with the session."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.test import AsyncClient

from factories import a_mailbox
from letterbook.correspondence import watching
from letterbook.mailboxes.models import Sharing
from letterbook.outgoing.drafts import DraftText, create_draft, discard_draft
from letterbook.teams.events import announce

pytestmark = pytest.mark.django_db(transaction=True)


async def listening(member) -> tuple[AsyncClient, Any]:
    browser = AsyncClient()
    await browser.aforce_login(member.user)
    stream = aiter((await browser.get("/events")).streaming_content)
    await heard_next(stream)
    await heard_next(stream)  # "look again at everything": it listens
    return browser, stream


async def heard_next(stream: Any) -> str:
    heard: bytes = await asyncio.wait_for(anext(stream), timeout=10)
    return heard.decode()


def test_a_draft_is_announced_to_its_author_only(alice, bob, at):
    box = a_mailbox(alice, sharing=Sharing.FULL)

    def write_and_discard() -> None:
        draft = create_draft(alice, mailbox=box, text=DraftText(subject="Mine"), at=at)
        discard_draft(alice, draft, at=at)
        announce("contact", team_id=alice.team_id)

    @async_to_sync
    async def hear(member) -> str:
        _, stream = await listening(member)
        await sync_to_async(write_and_discard)()
        heard = await heard_next(stream)
        await stream.aclose()
        return heard

    assert "outgoing" in hear(alice)
    assert "contact" in hear(bob)


def test_the_stream_ends_at_sign_out(alice, monkeypatch):
    monkeypatch.setattr(watching, "_LOOK_AT_RIGHTS_EVERY_SECONDS", 0.0)

    @async_to_sync
    async def hear() -> None:
        browser, stream = await listening(alice)
        await browser.alogout()
        await sync_to_async(announce)("contact", team_id=alice.team_id)
        with pytest.raises(StopAsyncIteration):
            await heard_next(stream)

    hear()
