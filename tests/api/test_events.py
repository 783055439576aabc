"""S16, D3: a program hears of changes as they happen, and only as long as its token is good."""

from __future__ import annotations

import asyncio

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.test import AsyncClient
from django.utils import timezone

from factories import a_mailbox
from letterbook.correspondence import watching
from letterbook.mailboxes.models import Sharing
from letterbook.teams.events import announce
from letterbook.teams.models import ApiToken
from letterbook.teams.tokens import revoke_token

pytestmark = pytest.mark.django_db(transaction=True)


async def listen(program):
    headers = {"Authorization": f"Bearer {program.token}"} if program.token else {}
    return await AsyncClient().get("/api/v1/events", headers=headers)


async def heard_next(stream) -> str:
    return (await asyncio.wait_for(anext(stream), timeout=10)).decode()


async def begun(program):
    """A stream that hears: its first "look again at everything" says that it listens."""
    answer = await listen(program)
    assert answer["Content-Type"] == "text/event-stream"
    stream = aiter(answer.streaming_content)
    assert (await heard_next(stream)).startswith("retry:")
    assert "outgoing" in await heard_next(stream)
    return stream


def test_a_program_hears_what_its_person_may_know_of(alice, bob, his):
    private, shared = a_mailbox(alice, sharing=Sharing.PRIVATE), a_mailbox(alice)

    @async_to_sync
    async def hear() -> str:
        stream = await begun(his)
        for mailbox in (private, shared):
            await sync_to_async(announce)(
                "activity", team_id=alice.team_id, row_id=mailbox.pk, mailbox_id=mailbox.pk
            )
        heard = await heard_next(stream)
        await stream.aclose()
        return heard

    heard = hear()
    assert str(shared.pk) in heard
    assert str(private.pk) not in heard


def test_the_stream_ends_when_the_token_is_revoked(alice, hers, monkeypatch):
    monkeypatch.setattr(watching, "_LOOK_AT_RIGHTS_EVERY_SECONDS", 0.0)

    @async_to_sync
    async def hear() -> None:
        stream = await begun(hers)
        token = await ApiToken.objects.aget(member=alice)
        await sync_to_async(revoke_token)(alice, token=token, at=timezone.now())
        await sync_to_async(announce)("contact", team_id=alice.team_id)
        with pytest.raises(StopAsyncIteration):
            await heard_next(stream)

    hear()


def test_nobody_hears_without_a_token(alice, hers):
    hers.token = ""
    assert async_to_sync(listen)(hers).status_code == 401
