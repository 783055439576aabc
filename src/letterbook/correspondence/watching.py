"""The live events one member may hear of, as server-sent events."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import get_args
from uuid import UUID

from asgiref.sync import sync_to_async

from letterbook.correspondence.access import Reach, reach_of
from letterbook.mailboxes.models import Sharing
from letterbook.teams.events import Topic
from letterbook.teams.listening import Heard, hub
from letterbook.teams.models import Membership
from letterbook.teams.second_wall import seen_by

_KEEP_ALIVE_SECONDS = 15.0
_LOOK_AT_RIGHTS_EVERY_SECONDS = 5.0

# Asked again and again while a stream is open: the member, or None once they may no longer listen.
FindMember = Callable[[], Awaitable[Membership | None]]


async def stream_events(find_member: FindMember) -> AsyncIterator[bytes]:
    """Yield what this member may hear of, until they lose the right to; keeps the line warm between events."""
    async with hub().subscribe() as queue:
        yield b"retry: 2000\n\n"
        rights = _Rights(find_member)
        while await rights.are_still_there():
            try:
                heard = await asyncio.wait_for(queue.get(), _KEEP_ALIVE_SECONDS)
            except TimeoutError:
                yield b": still here\n\n"
                continue
            if await rights.are_still_there() and rights.cover(heard):
                yield _write(heard)


class _Rights:
    """Who listens and how far they see, looked up anew every few seconds: a right that ends, ends here too."""

    def __init__(self, find_member: FindMember) -> None:
        self._find_member = find_member
        self._member: Membership | None = None
        self._audible: set[UUID] = set()
        self._looked_at = float("-inf")

    async def are_still_there(self) -> bool:
        if time.monotonic() - self._looked_at >= _LOOK_AT_RIGHTS_EVERY_SECONDS:
            self._looked_at = time.monotonic()
            self._member = await self._find_member()
            if self._member is not None:
                reach = await sync_to_async(_reach_of)(self._member)
                self._audible = set(reach.at_least(Sharing.METADATA))
        return self._member is not None

    def cover(self, heard: Heard) -> bool:
        if heard is None:
            return True
        if self._member is None or heard.team_id != self._member.team_id:
            return False
        is_for_them = heard.user_id is None or heard.user_id == self._member.user_id
        return is_for_them and (heard.mailbox_id is None or heard.mailbox_id in self._audible)


def _reach_of(member: Membership) -> Reach:
    with seen_by(member):
        return reach_of(member)


def _write(heard: Heard) -> bytes:
    """Return the messages of the stream; one for each topic when anything may have been missed."""
    if heard is None:
        return b"".join(_message({"topic": topic}) for topic in get_args(Topic))
    return _message({"topic": heard.topic} | ({"id": str(heard.row_id)} if heard.row_id else {}))


def _message(news: dict[str, str]) -> bytes:
    return f"data: {json.dumps(news)}\n\n".encode()
