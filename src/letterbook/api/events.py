"""Live events: what changes, as it changes."""

from __future__ import annotations

from asgiref.sync import sync_to_async
from django.http import HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from ninja import Router

from letterbook.api.shapes import answers
from letterbook.api.tokens import BearerTokenWhileStreaming, TokenRequest, token_of
from letterbook.correspondence.watching import stream_events
from letterbook.teams.models import Membership
from letterbook.teams.tokens import member_for_token

router = Router(tags=["events"])


@router.get(
    "/events",
    auth=BearerTokenWhileStreaming(),
    response=answers(None),
    operation_id="stream_events",
    openapi_extra={"responses": {200: {"content": {"text/event-stream": {}}}}},
)
async def get_events(request: TokenRequest) -> HttpResponseBase:
    """Server-sent events: status changes and new activities you may know of. Ends when the token is revoked."""
    token = token_of(request)

    async def still_the_same() -> Membership | None:
        return await sync_to_async(member_for_token)(token, at=timezone.now())

    return StreamingHttpResponse(
        stream_events(still_the_same),
        content_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )
