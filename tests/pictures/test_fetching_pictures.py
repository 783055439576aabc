"""What an email makes us ask for: pictures of the internet, and nothing else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from letterbook.pictures.fetching import MAX_BYTES, NoPicture, fetch_picture, public_address

PIXEL = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,"


class Shop(BaseHTTPRequestHandler):
    """The sender's server; what it was asked is kept in `asked`."""

    asked: list[dict[str, str]]

    def do_GET(self) -> None:
        type(self).asked.append(
            {"path": self.path, **{k.lower(): v for k, v in self.headers.items()}}
        )
        if self.path == "/moved":
            return self._answer(302, b"", location="/logo.gif")
        if self.path == "/round":
            return self._answer(302, b"", location="/round")
        if self.path == "/inside":
            return self._answer(302, b"", location="http://169.254.169.254/latest/meta-data")
        bodies = {
            "/logo.gif": PIXEL,
            "/page": b"<html>Hello</html>",
            "/drawing.svg": b"<svg xmlns='x'><script>1</script></svg>",
            "/large": PIXEL + b"\0" * MAX_BYTES,
        }
        body = bodies.get(self.path)
        return self._answer(200, body) if body else self._answer(404, PIXEL)

    def _answer(self, status: int, body: bytes, *, location: str = "") -> None:
        self.send_response(status)
        # What it claims is not believed.
        self.send_header("Content-Type", "image/gif")
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    Shop.asked = []
    with HTTPServer(("127.0.0.1", 0), Shop) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://shop.example:{server.server_port}"
        server.shutdown()
        thread.join()


def as_if_here(host: str, port: int) -> str:
    """The shop is on this machine; every other name is looked up as usual."""
    return "127.0.0.1" if host == "shop.example" else public_address(host, port)


@pytest.mark.parametrize("path", ["/logo.gif", "/moved"])
def test_a_picture_is_fetched_without_telling_who_asks(shop, path):
    Shop.asked.clear()
    picture = fetch_picture(shop + path, lookup=as_if_here)
    assert (picture.content, picture.content_type) == (PIXEL, "image/gif")
    for asked in Shop.asked:
        assert asked["host"].startswith("shop.example:")
        assert not {"cookie", "referer", "authorization", "x-forwarded-for"} & set(asked)


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/page", "is no picture"),
        ("/drawing.svg", "is no picture"),
        ("/large", "too large"),
        ("/missing", "answered 404"),
        ("/round", "leads from one address to the next"),
        ("/inside", "not on the internet"),
    ],
)
def test_what_is_no_picture_of_the_internet_is_refused(shop, path, why):
    with pytest.raises(NoPicture, match=why):
        fetch_picture(shop + path, lookup=as_if_here)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f.1",
        "0.0.0.0",
        "10.1.2.3",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "[::1]",
        "[::ffff:10.0.0.1]",
        "[fd00::1]",
        "[fe80::1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
    ],
)
def test_no_address_leads_into_our_own_network(host):
    with pytest.raises(NoPicture):
        fetch_picture(f"http://{host}/a.gif")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/a.gif",
        "file:///etc/passwd",
        "https://8.8.8.8:6379/a.gif",
        "https://user@8.8.8.8/a.gif",
        "https://",
        "https://exa mple/",
        "http://[::1/",
        "https://" + "a" * 70 + ".example/",
    ],
)
def test_other_addresses_are_not_asked(url):
    with pytest.raises(NoPicture):
        fetch_picture(url)
