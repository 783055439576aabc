"""A conversation and what a message is made of: hostile HTML, files, sources, and who may have them."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse
from django.utils.timezone import now

from factories import a_contact, a_mailbox, a_message, a_thread, rewrite
from letterbook.mailboxes.models import Sharing
from letterbook.outgoing.models import OutgoingEmail
from written import a_failed_email

PICTURE = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII="
)


def an_html_letter(html, *, name="logo.png", kind="image/png", content_id="logo"):
    """The source of an email with its own HTML and one part beside it."""
    lines = [
        "From: Anna Lind <anna@lindwerk.example>",
        "To: alice@haldenrowe.example",
        "Subject: Hello",
        "Message-ID: <1@lindwerk.example>",
        "MIME-Version: 1.0",
        'Content-Type: multipart/related; boundary="B"',
        "",
        "--B",
        "Content-Type: text/html; charset=utf-8",
        "",
        html,
        "--B",
        f'Content-Type: {kind}; name="{name}"',
        f"Content-ID: <{content_id}>",
        f'Content-Disposition: inline; filename="{name}"',
        "Content-Transfer-Encoding: base64",
        "",
        PICTURE,
        "--B--",
        "",
    ]
    return "\r\n".join(lines).encode()


@pytest.fixture
def box(alice):
    return a_mailbox(alice, address="alice@haldenrowe.example")


@pytest.fixture
def anna(alice):
    return a_contact(alice, "Anna Lind", "anna@lindwerk.example")


@pytest.fixture
def frame_of(client, alice, box, anna):
    """Return what alice's browser gets for the frame of an email with this HTML."""

    def ask(html, query="", **part):
        message = a_message(box, anna, raw=an_html_letter(html, **part))
        client.force_login(alice.user)
        return client.get(reverse("letter-frame", args=[message.pk]) + query)

    return ask


def shown_to(client, member, message):
    client.force_login(member.user)
    return client.get(reverse("conversation", args=[message.thread_id]))


def text_of(response):
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def test_a_conversation_shows_every_letter_once_in_order(client, alice, bob, box, anna):
    """S66: the thread across mailboxes."""
    thread = a_thread(alice)
    also = a_mailbox(bob)
    first = a_message(box, anna, thread=thread, text="The first words.", also_in=(also,))
    a_message(box, anna, thread=thread, direction="out", text="The second words.")
    shown = text_of(shown_to(client, alice, first))
    assert shown.count("The first words.") == 1
    assert shown.index("The first words.") < shown.index("The second words.")


def test_from_the_contact_to_the_email_and_back_is_one_click_each_way(client, alice, box, anna):
    """S54, S47: a link on either page leads to the other."""
    message = a_message(box, anna, subject="Final wording")
    client.force_login(alice.user)
    contact = client.get(reverse("contact", args=[anna.pk])).content.decode()
    links = re.findall(r'href="([^"#?]+)', contact)
    ways = {
        reverse("conversation", args=[message.thread_id]),
        reverse("message", args=[message.pk]),
    }
    assert ways & set(links)
    assert (
        f'href="{reverse("contact", args=[anna.pk])}'
        in shown_to(client, alice, message).content.decode()
    )


def test_what_a_letter_quotes_is_folded(client, alice, box, anna):
    message = a_message(
        box, anna, text="Yes.\n\nOn Monday, Alice wrote:\n> Does it fit?\n> At 40 mm?"
    )
    body = shown_to(client, alice, message).content.decode()
    folded = re.search(r'<details class="quoted.*?</details>', body, re.DOTALL)[0]
    assert "Does it fit?" in folded
    assert "Does it fit?" not in body.replace(folded, "")


def test_hostile_text_is_escaped_and_its_links_are_safe(client, alice, box, anna):
    """A26: markup in plain text stays text."""
    hostile = '<script>alert(1)</script> http://x.example/"onmouseover=alert(1) javascript:alert(1)'
    body = shown_to(client, alice, a_message(box, anna, text=hostile)).content.decode()
    assert "<script>alert(1)" not in body
    assert "onmouseover=alert(1) " not in re.sub(r">[^<]*<", "><", body)
    assert 'href="javascript:' not in body


def test_a_long_conversation_folds_what_came_before(client, alice, box, anna):
    thread = a_thread(alice)
    letters = [a_message(box, anna, thread=thread, text=f"Words {n}.") for n in range(12)]
    body = shown_to(client, alice, letters[0]).content.decode()
    assert "7 earlier emails" in body
    assert body.count("data-row") == 12


def test_one_may_know_of_a_letter_without_reading_it(client, alice, bob, box, anna):
    """S76: what is shared as subject only is shown locked."""
    closed = a_mailbox(alice, sharing=Sharing.SUBJECT)
    thread = a_thread(alice)
    a_message(box, anna, thread=thread, text="Open words.")
    message = a_message(closed, anna, thread=thread, text="Hidden words.", files=("plan.pdf",))
    shown = text_of(shown_to(client, bob, message))
    assert "Open words." in shown
    assert "Anna Lind wrote this; its text is not shared with you." in shown
    assert "Hidden words." not in shown
    assert "plan.pdf" not in shown
    assert "1 of these 2 emails is not shared with you." in shown


def test_each_letter_is_a_heading_of_its_own(client, alice, box, anna):
    """Whoever cannot see the page goes from letter to letter by headings, and hears whose each is."""
    message = a_message(box, anna)
    page = shown_to(client, alice, message).content.decode()
    name = f'id="m-{message.pk}-who">Anna Lind</h2>'
    assert name in page
    assert f'aria-labelledby="m-{message.pk}-who"' in page


def test_a_private_conversation_does_not_exist_for_others(client, alice, bob, charlie, anna):
    message = a_message(a_mailbox(alice, sharing=Sharing.PRIVATE), anna)
    assert shown_to(client, bob, message).status_code == 404
    assert shown_to(client, charlie, message).status_code == 404


@pytest.mark.parametrize("name", ["letter-frame", "source"])
@pytest.mark.parametrize("sharing", [Sharing.PRIVATE, Sharing.METADATA, Sharing.SUBJECT])
def test_content_is_only_for_those_who_may_read_it(client, alice, bob, anna, name, sharing):
    message = a_message(
        a_mailbox(alice, sharing=sharing), anna, raw=an_html_letter("<p>secret</p>")
    )
    client.force_login(bob.user)
    for address in (reverse(name, args=[message.pk]), reverse("attachment", args=[message.pk, 0])):
        response = client.get(address)
        assert response.status_code == 404
        assert b"secret" not in response.content


def test_the_frame_is_sealed(frame_of):
    """A4, A7, A9, A11: its own policy allows no script, no form, no request elsewhere."""
    response = frame_of("<p>Hello</p>")
    policy = dict(
        part.strip().partition(" ")[::2] for part in response["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["img-src"] == "'self' data:"
    assert policy["form-action"] == policy["base-uri"] == "'none'"
    assert policy["frame-ancestors"] == "'self'"
    assert "script-src" not in policy
    assert "allow-scripts" not in policy["sandbox"]
    assert "allow-top-navigation" not in policy["sandbox"]
    assert "allow-forms" not in policy["sandbox"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "no-referrer"


def test_the_frame_element_is_sealed_like_its_document(client, alice, box, anna, frame_of):
    message = a_message(box, anna, raw=an_html_letter("<p>Hello</p>"))
    rewrite(message, has_html=True)
    body = shown_to(client, alice, message).content.decode()
    element = re.search(r"<iframe[^>]*sandbox=\"([^\"]*)\"", body)[1]
    policy = frame_of("<p>Hello</p>")["Content-Security-Policy"]
    assert policy.endswith(f"sandbox {element}")


@pytest.mark.parametrize(
    "hostile",
    [
        "<img src=x onerror=alert(1)>",
        "<script>alert(1)</script>",
        '<svg><animate attributeName="href" values="javascript:alert(1)"/></svg>',
        "<meta http-equiv=refresh content='0;url=//evil.example'>",
        "<base href=//evil.example/>",
        "<form action=//evil.example><input type=password></form>",
        '<a href="javascript:alert(1)">x</a>',
        '<iframe srcdoc="<script>parent.location=1</script>"></iframe>',
        "<style>@import url(//evil.example/a.css)</style>",
        '<img alt="<svg><base><style>" src="//x.example/a.png">',
    ],
)
def test_nothing_hostile_reaches_the_frame(frame_of, hostile):
    """A1 to A18: removed at display, whatever was stored."""
    body = frame_of(f"<p>Hello</p>{hostile}").content.decode()
    email = body.partition('<div id="email">')[2]
    assert "<p>Hello</p>" in email
    assert not re.search(
        r"onerror|alert\(1\)|<svg|<meta|<base|<form|<input|<iframe|<style|evil\.example", email
    )


def test_remote_images_are_loaded_only_when_asked_for(frame_of):
    """A21: no request before, and the sender is named as the one who would learn of it."""
    html = '<p>Hi</p><img src="https://tracker.example/p.gif">'
    closed, opened = frame_of(html), frame_of(html, "?images=1")
    assert b"tracker.example" not in closed.content
    assert "1 remote image is not loaded." in closed.content.decode()
    assert b'src="/messages/' in opened.content
    for frame in (closed, opened):
        assert "img-src 'self' data:;" in frame["Content-Security-Policy"]
    assert "not loaded" not in opened.content.decode()


def test_a_picture_that_is_not_shown_stands_there_in_words(frame_of):
    """S92: no broken picture in anybody's signature."""
    email = (
        '<p>Hi</p><img src="https://calder.example/a.png" alt="Calder &amp; <b>Sons" width="90">'
    )
    assert (
        '<span class="picture">Calder &amp; &lt;b&gt;Sons</span>'
        in frame_of(email).content.decode()
    )
    assert '<span class="picture">' not in frame_of(email, "?images=1").content.decode()
    assert "<img" in frame_of('<img src="https://calder.example/a.png" alt=" ">').content.decode()


def test_an_email_of_which_nothing_can_be_shown_says_so(frame_of):
    shown = frame_of('<p>&nbsp;</p><iframe src="https://x.example/"></iframe>').content.decode()
    assert "Nothing in this email can be shown." in shown
    assert "Nothing in this email" not in frame_of("<p>Hi</p>").content.decode()


@pytest.mark.parametrize(
    ("html", "is_plain"),
    [
        ("<p>Hi</p>", True),
        ('<p style="color: rgb(0, 0, 0); background-color: #ffffff; margin: 0">Hi</p>', True),
        ('<p style="font-size: 12px;color:#222">Hi</p>', True),
        ('<p style="color: #1f497d">Hi</p>', False),
        ('<p style="background: #000; color: white">Hi</p>', False),
        ('<p style="background-color: rgb(255, 255, 200)">Hi</p>', False),
        ('<font color="red">Hi</font>', False),
        ('<table bgcolor="white"><td>Hi</td></table>', False),
        ('<img src="cid:logo">', False),
    ],
)
def test_a_letter_without_looks_of_its_own_is_shown_in_the_page_s(client, frame_of, html, is_plain):
    """What chose its colours keeps them, on paper, whatever the theme."""
    client.cookies["theme"] = "ink"
    page = frame_of(html).content.decode()
    assert ('class="plain ink"' in page, 'class="paper"' in page) == (is_plain, not is_plain)
    email = page.partition('<div id="email">')[2]
    assert ("color" in email) == ("color" in html and not is_plain)


def test_a_picture_inside_the_email_is_shown_from_this_email_alone(client, frame_of):
    """A20: a cid names a part of the same message, or nothing."""
    body = frame_of('<img src="cid:logo"><img src="cid:../../etc/passwd">').content.decode()
    sources = re.findall(r'src="([^"]+)"', body)
    assert len(sources) == 1
    picture = client.get(sources[0])
    assert picture["Content-Type"] == "image/png"
    assert picture["Content-Disposition"].startswith("inline")


def test_a_file_is_downloaded_never_opened(client, alice, box, anna):
    """B10: a safe name, no guessing of types, and nothing a browser would run."""
    raw = an_html_letter("<p>x</p>", name="plän.svg", kind="image/svg+xml")
    message = a_message(box, anna, raw=raw)
    client.force_login(alice.user)
    response = client.get(reverse("attachment", args=[message.pk, 1]) + "?inline=1")
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"].startswith("attachment; filename*=utf-8''pl")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_a_file_that_is_not_there_is_a_404(client, alice, box, anna):
    message = a_message(box, anna, raw=an_html_letter("<p>x</p>"))
    client.force_login(alice.user)
    assert client.get(reverse("attachment", args=[message.pk, 99])).status_code == 404


def test_the_source_is_shown_escaped_and_downloaded_byte_for_byte(client, alice, box, anna):
    """S87: an email is taken along as the file it came as."""
    raw = an_html_letter("<script>alert(1)</script>")
    message = a_message(box, anna, raw=raw)
    client.force_login(alice.user)
    address = reverse("source", args=[message.pk])
    assert b"&lt;script&gt;alert(1)" in client.get(address).content
    download = client.get(address + "?download=1")
    assert download.content == raw
    assert download["Content-Disposition"].startswith("attachment")


def test_a_permanent_link_opens_its_letter_in_the_conversation(client, alice, box, anna):
    """S87: reference material has an address of its own."""
    thread = a_thread(alice)
    letters = [a_message(box, anna, thread=thread, text=f"Words {n}.") for n in range(9)]
    client.force_login(alice.user)
    response = client.get(reverse("message", args=[letters[0].pk]))
    assert response["Location"].endswith(f"?open={letters[0].pk}#m-{letters[0].pk}")
    page = client.get(response["Location"]).content.decode()
    assert f'id="m-{letters[0].pk}"' in page
    assert "Words 0." in re.search(r'<div class="body.*?</div>', page, re.DOTALL)[0]


def test_replying_begins_a_draft_under_the_conversation(client, alice, box, anna):
    message = a_message(box, anna, subject="Final wording", text="Does it fit?")
    client.force_login(alice.user)
    response = client.post(reverse("reply", args=[message.pk]))
    assert response["Location"] == reverse("conversation", args=[message.thread_id]) + "#reply"
    body = shown_to(client, alice, message).content.decode()
    assert 'id="composer"' in body
    assert "anna@lindwerk.example" in re.search(r'name="to" value="([^"]*)"', body)[1]
    assert "Re: Final wording" in body
    assert OutgoingEmail.objects.get().answers == message


def test_replying_to_all_keeps_everyone_but_oneself(client, alice, box, anna):
    tom = a_contact(alice, "Tom Other", "tom@other.example")
    message = a_message(box, anna, tom)
    client.force_login(alice.user)
    client.post(reverse("reply", args=[message.pk]), {"everyone": "1"})
    rows = OutgoingEmail.objects.get().recipients.order_by("position")
    assert [(row.kind, row.address) for row in rows] == [
        ("to", "anna@lindwerk.example"),
        ("cc", "tom@other.example"),
    ]


def test_who_may_not_read_an_email_cannot_answer_it(client, alice, bob, anna):
    a_mailbox(bob)
    message = a_message(a_mailbox(alice, sharing=Sharing.SUBJECT), anna)
    client.force_login(bob.user)
    assert client.post(reverse("reply", args=[message.pk])).status_code == 404
    assert not OutgoingEmail.objects.exists()


def test_who_has_no_mailbox_is_led_to_connecting_one(client, alice, bob, box, anna):
    message = a_message(box, anna)
    client.force_login(bob.user)
    response = client.post(reverse("reply", args=[message.pk]))
    assert response["Location"] == reverse("mailboxes")


def test_an_answer_that_failed_is_shown_where_it_belongs(client, alice, box, anna):
    message = a_message(box, anna)
    email = a_failed_email(alice, box, at=now(), subject="Re: It failed")
    OutgoingEmail.objects.filter(pk=email.pk).update(answers=message)
    shown = text_of(shown_to(client, alice, message))
    assert "Gmail refused the sender. Nothing was sent." in shown
    assert "Retry" in shown
