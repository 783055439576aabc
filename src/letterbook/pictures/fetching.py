"""Fetching a picture from wherever an email says it is, without being led into our own network.

The host is looked up once and the connection goes to the address that was looked at, also after each redirect: a name
that answers differently the second time leads nowhere else.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

import httpx

from letterbook.mime.pictures import picture_type

MAX_BYTES = 5 * 1024 * 1024
MAX_SECONDS = 10.0
MAX_REDIRECTS = 3
_PORTS = {"http": 80, "https": 443}
# The same for everyone, so that it tells nothing of who asks. No cookies, no referrer.
_HEADERS = {"User-Agent": "Mozilla/5.0", "Accept": "image/*", "Accept-Encoding": "identity"}
# NAT64 carries any IPv4 address within a global one.
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")

Lookup = Callable[[str, int], str]


class NoPicture(Exception):
    """There is no picture to be had at this address; the message says why."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of a kind that browsers draw without running anything."""

    content: bytes
    content_type: str


def fetch_picture(url: str, *, lookup: Lookup | None = None) -> Picture:
    """Return the picture at an address on the internet, or raise `NoPicture` after `MAX_SECONDS` or so.

    `lookup` answers which IP address a host has, and refuses what is not for everyone (`public_address`).
    """
    until = monotonic() + MAX_SECONDS
    with httpx.Client(headers=_HEADERS, trust_env=False, timeout=MAX_SECONDS / 2) as client:
        for _ in range(MAX_REDIRECTS + 1):
            asked = _checked(url)
            try:
                answer = _ask(client, asked, lookup=lookup or public_address, until=until)
            except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
                raise NoPicture(f"{asked.host} did not give it: {type(error).__name__}") from error
            if isinstance(answer, Picture):
                return answer
            url = answer
    raise NoPicture("It leads from one address to the next.")


def public_address(host: str, port: int) -> str:
    """Return an IP address of a host; raise `NoPicture` where one of them, or the port, is not for everyone."""
    if port not in _PORTS.values():
        raise NoPicture("Pictures are fetched from the web's own ports only.")
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(one[4][0]) for one in found]
    if not addresses or not all(map(_is_public, addresses)):
        raise NoPicture(f"{host} is not on the internet.")
    return addresses[0]


def _is_public(address: str) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        elif ip.sixtofour is not None or ip.teredo is not None or ip in _TRANSLATED:
            return False
    return ip.is_global and not ip.is_multicast


def _checked(url: str) -> httpx.URL:
    try:
        asked = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise NoPicture("This is no address.") from error
    if asked.scheme not in _PORTS or not asked.host or asked.userinfo:
        raise NoPicture("This is no address of a picture on the web.")
    return asked


def _ask(client: httpx.Client, asked: httpx.URL, *, lookup: Lookup, until: float) -> Picture | str:
    """Return the picture, or the address that the answer leads to."""
    address = lookup(asked.host, asked.port or _PORTS[asked.scheme])
    request = client.build_request(
        "GET",
        asked.copy_with(host=address),
        headers={"Host": asked.netloc.decode("ascii")},
        extensions={"sni_hostname": asked.raw_host.decode("ascii")},
    )
    answer = client.send(request, stream=True)
    try:
        if answer.has_redirect_location:
            return str(asked.join(answer.headers["location"]))
        if answer.status_code != httpx.codes.OK:
            raise NoPicture(f"{asked.host} answered {answer.status_code}.")
        content = _bounded(answer, until=until)
    finally:
        answer.close()
    kind = picture_type(content)
    if kind is None:
        raise NoPicture(f"What {asked.host} gave is no picture.")
    return Picture(content, kind)


def _bounded(answer: httpx.Response, *, until: float) -> bytes:
    content = bytearray()
    for piece in answer.iter_bytes():
        content += piece
        if len(content) > MAX_BYTES:
            raise NoPicture("The picture is too large.")
        if monotonic() > until:
            raise NoPicture("The picture took too long.")
    return bytes(content)
