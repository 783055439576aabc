"""Opening the demo beside one's own installation."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRedirect

from letterbook.web.opening_demo import COMMAND, open_demo, running_demo
from letterbook.web.requests import MemberRequest, member_required, render_page


@member_required
@require_POST
def begin(request: MemberRequest) -> HttpResponse:
    """Start the demo, or find the running one, and show how far it is."""
    open_demo(request.member)
    return redirect("demo-opening")


@member_required
@require_GET
def opening(request: MemberRequest) -> HttpResponse:
    """Show how far the demo is; its page asks every second, and goes there once it answers."""
    demo = running_demo()
    state = demo.state if demo else "closed"
    if demo and state == "open" and request.htmx:
        return HttpResponseClientRedirect(demo.url)
    context = {
        "state": state,
        "url": demo.url if demo else "",
        "last_words": demo.last_words if demo and state == "ended" else "",
        "command": COMMAND,
    }
    return render_page(
        request, "web/demo_opening.html", context, fragment="web/demo_opening_state.html"
    )
