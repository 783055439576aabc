"""Style sheets, scripts and fonts, out of the package."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile


class StaticFiles(WhiteNoiseMiddleware):  # type: ignore[misc]  # has no types of its own
    """WhiteNoise, answering with a file's bytes instead of a stream.

    Under ASGI Django would read a synchronous stream whole before it sends any of it, and warn of it.
    """

    @staticmethod
    def serve(static_file: StaticFile, request: HttpRequest) -> HttpResponse:
        """Answer with the file, a part of it, or that it has not changed."""
        found = static_file.get_response(request.method, request.META)
        answer = HttpResponse(b"", status=int(found.status))
        if found.file is not None:
            with found.file as opened:
                answer.content = opened.read()
        del answer["content-type"]
        for name, value in found.headers:
            answer[name] = value
        return answer
