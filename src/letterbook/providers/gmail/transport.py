"""The one place where bytes leave for Google: keep-alive, total deadlines, and no repetition whatever happens."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from letterbook.providers.gmail.connections import IDLE_SECONDS, Connections
from letterbook.providers.gmail.deadlines import DeadlineBackend, within

SHORT_SECONDS = 60.0
# A message of 50 MB at 500 kB/s; only fetching one and storing a draft may take this long.
LONG_SECONDS = 180.0

_CONNECT_SECONDS = 10.0
_LIMITS = httpx.Limits(
    max_connections=1, max_keepalive_connections=1, keepalive_expiry=IDLE_SECONDS
)

_ALWAYS = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "Letterbook"}

# DNS, TCP, TLS and the proxy's own handshake come before the first byte of the request.
_NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: a whole answer."""

    status: int
    headers: httpx.Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class Silence:
    """No whole answer came back. `was_sent` is whether any of the request may have reached the server."""

    was_sent: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request. `repr` shows neither its headers nor its body, which carry tokens and mail."""

    method: str
    url: str
    params: tuple[tuple[str, str], ...] = ()
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    seconds: float = SHORT_SECONDS


class Wire:
    """A keep-alive client that performs each call exactly once; safe to share between threads."""

    def __init__(self, *, url: str, transport: httpx.BaseTransport | None = None) -> None:
        self._owns_transport = transport is None
        self._transport = transport or open_transport(url)

    def perform(self, call: Call) -> Reply | Silence:
        """Return the whole answer, or the silence that came instead; raises nothing of the network's."""
        try:
            with within(call.seconds):
                response = self._exchange(call)
        except _NEVER_SENT as error:
            return Silence(was_sent=False, reason=f"{type(error).__name__}: {error}")
        except (httpx.TransportError, httpx.DecodingError) as error:
            return Silence(was_sent=True, reason=f"{type(error).__name__}: {error}")
        return Reply(response.status_code, response.headers, response.content)

    def _exchange(self, call: Call) -> httpx.Response:
        # What httpx's client adds to a transport (redirects, cookies, sign-in) must not happen here, and takes as
        # long as the request itself.
        timeout = httpx.Timeout(call.seconds, connect=min(_CONNECT_SECONDS, call.seconds))
        request = httpx.Request(
            call.method,
            call.url,
            params=call.params or None,
            headers=_ALWAYS | call.headers,
            content=call.body,
            extensions={"timeout": timeout.as_dict()},
        )
        response = self._transport.handle_request(request)
        try:
            response.read()
        finally:
            response.close()
        return response

    def close(self) -> None:
        """Give back the connections, unless the transport was lent by the caller."""
        if self._owns_transport:
            self._transport.close()


def open_transport(url: str) -> httpx.BaseTransport:
    """Return a transport to `url`'s host: total deadlines, keep-alive, the system's proxy, no retries.

    Several mailboxes may share one; whoever opened it closes it.
    """
    proxy = proxy_for(url)

    def open_one() -> httpx.BaseTransport:
        transport = httpx.HTTPTransport(
            verify=_tls(), http2=False, retries=0, limits=_LIMITS, proxy=proxy
        )
        # httpx has no public way to name the network backend; a test proves that the deadline holds.
        transport._pool._network_backend = DeadlineBackend()
        return transport

    return Connections(open_one)


@cache
def _tls() -> ssl.SSLContext:
    """One context for all mailboxes: reading the certificates takes longer than a request."""
    return httpx.create_ssl_context()


def proxy_for(url: str) -> str | None:
    """Return the proxy that this system's environment names for `url`, if any."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host in {"localhost", "127.0.0.1", "::1"} or proxy_bypass(host):
        return None
    return getproxies().get(parts.scheme)
