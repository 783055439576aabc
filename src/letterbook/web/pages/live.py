"""The stream of live events that open pages listen to."""

from __future__ import annotations

from asgiref.sync import sync_to_async
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from letterbook.correspondence.watching import stream_events
from letterbook.teams.models import Membership
from letterbook.web.middleware import find_member


async def events(request: HttpRequest) -> HttpResponseBase:
    """Stream what changes for the signed-in person; 401 for anybody else (EventSource follows no redirect)."""
    # A page listens to its own team's news, also while its person acts in another one.
    member = await sync_to_async(find_member)(request, team=request.GET.get("team", ""))
    if member is None:
        return HttpResponse("Sign in first.\n", status=401, content_type="text/plain")

    signed_in = Session.objects.filter(pk=request.session.session_key)

    async def still_the_same() -> Membership | None:
        # Session and membership are asked for again: one that ended, ends the stream.
        if not await signed_in.aexists():
            return None
        return (
            await Membership.objects.select_related("team", "user")
            .filter(pk=member.pk, user__is_active=True)
            .afirst()
        )

    return StreamingHttpResponse(
        stream_events(still_the_same),
        content_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )
