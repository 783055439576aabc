"""The page behind the way out that an email carries. For anybody who has the link; it tells nothing of anything."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from letterbook.outgoing import one_click
from letterbook.web.requests import render_page


# Mail programs press it for their users (RFC 8058): without cookies, and without a token of ours.
@csrf_exempt
@require_http_methods(["GET", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Ask once more, for programs look at every link of an email; by POST, act."""
    if request.method == "POST":
        one_click.unsubscribe(token, at=now())
    else:
        one_click.read_token(token)
    context = {"is_done": request.method == "POST"}
    response = render_page(request, "web/unsubscribe.html", context)
    # Whoever has the address of this page can press it: no other site, and no search, learns it from here.
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
