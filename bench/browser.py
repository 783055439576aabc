"""Somebody who is signed in, asking one web process for pages over HTTP and hearing its live events."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from queue import Queue

import httpx
from django.conf import settings
from django.test import Client

from bench.figures import in_ms
from bench.surroundings import cpu_seconds, web_process
from letterbook.teams.models import Membership

_WARM_UP = 5
_SECONDS = 60


class Browser:
    """One person's connection to the pages, and the process that serves them."""

    def __init__(self, client: httpx.Client, pid: int) -> None:
        self._client = client
        self._pid = pid

    def get(self, path: str, **headers: str) -> str:
        """Return a page; raise `RuntimeError` where it is none."""
        answer = self._client.get(path, headers=headers)
        if answer.status_code != 200:
            raise RuntimeError(f"{answer.status_code} for {path}")
        return answer.text

    def time_pages(self, paths: Sequence[str]) -> str:
        """Return how long these pages took, one after the other, and the CPU of the process that serves them."""
        for path in paths[:_WARM_UP]:
            self.get(path)
        taken, used = [], cpu_seconds(self._pid)
        for path in paths:
            began = time.perf_counter()
            self.get(path)
            taken.append((time.perf_counter() - began) * 1000)
        used = (cpu_seconds(self._pid) - used) * 1000 / len(paths)
        return f"{in_ms(taken)}, {used:.1f} ms of CPU in the web process"

    @contextmanager
    def events(self) -> Iterator[Queue[str]]:
        """Listen to the live events, as an open page does; gives what is heard."""
        heard: Queue[str] = Queue()
        with self._client.stream("GET", "/events", timeout=_SECONDS) as stream:
            lines = stream.iter_lines()
            heard.put(next(lines))
            threading.Thread(target=_hear, args=(lines, heard), daemon=True).start()
            yield heard


def _hear(lines: Iterator[str], heard: Queue[str]) -> None:
    try:
        for line in lines:
            heard.put(line)
    except (httpx.HTTPError, httpx.StreamError):
        return  # the page was closed


@contextmanager
def signed_in(member: Membership) -> Iterator[Browser]:
    """Start one web process and give somebody's connection to it."""
    session = Client(SERVER_NAME="127.0.0.1")
    session.force_login(member.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    cookie = {settings.SESSION_COOKIE_NAME: session.cookies[settings.SESSION_COOKIE_NAME].value}
    with (
        web_process() as (url, pid),
        httpx.Client(base_url=url, cookies=cookie, timeout=_SECONDS) as client,
    ):
        yield Browser(client, pid)
