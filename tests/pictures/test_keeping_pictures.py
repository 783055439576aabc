"""Remote pictures in the pages: asked for by a person, fetched once, and for nobody else."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.urls import reverse
from django.utils.timezone import now

from factories import a_contact, a_mailbox, a_message, rewrite
from letterbook.kit.refusals import NotFound
from letterbook.mailboxes.models import Sharing
from letterbook.pictures import keeping
from letterbook.pictures.fetching import NoPicture, Picture
from letterbook.pictures.keeping import let_old_pictures_go, remote_picture
from letterbook.pictures.models import RemotePicture

LOGO = Picture(b"GIF89a logo", "image/gif")
URL = "https://shop.example/logo.gif?for=alice"


class Internet:
    """Counts what is asked of it."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.is_away = False

    def __call__(self, url: str) -> Picture:
        self.asked.append(url)
        if self.is_away:
            raise NoPicture("away")
        return LOGO


@pytest.fixture
def internet(monkeypatch) -> Internet:
    internet = Internet()
    monkeypatch.setattr(keeping, "fetch_picture", internet)
    return internet


@pytest.fixture
def email(alice):
    """An email with a remote picture that only alice may read."""
    raw = (
        b"From: Shop <News@Shop.example>\nTo: alice@haldenrowe.example\nSubject: Offer\n"
        b'Content-Type: text/html\n\n<p>Hi</p><img src="' + URL.encode() + b'">\n'
    )
    box = a_mailbox(alice, sharing=Sharing.PRIVATE)
    message = a_message(box, a_contact(alice, "Shop", "News@Shop.example"), raw=raw)
    rewrite(message, has_html=True)
    return message


def frame_of(client, member, email, query="?images=1"):
    client.force_login(member.user)
    return client.get(reverse("letter-frame", args=[email.pk]) + query)


def picture_in(frame):
    found = re.search(r'<img src="(/messages/[^"]+)"', frame.content.decode())
    return unescape(found[1]) if found else ""


@pytest.mark.django_db
def test_a_picture_is_fetched_once_for_all_who_look(client, alice, email, internet):
    """A21: the sender learns of one look, never of the next."""
    source = picture_in(frame_of(client, alice, email))
    for _ in range(2):
        answer = client.get(source)
        assert (answer.content, answer["Content-Type"]) == (LOGO.content, "image/gif")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert internet.asked == [URL]


@pytest.mark.django_db
def test_only_who_may_read_the_email_gets_its_pictures(
    client, alice, bob, charlie, email, internet
):
    source = picture_in(frame_of(client, alice, email))
    for member in (bob, charlie):
        client.force_login(member.user)
        assert client.get(source).status_code == 404
    assert not internet.asked


@pytest.mark.django_db
def test_nobody_makes_us_fetch_what_the_email_does_not_name(client, alice, email, internet):
    source = picture_in(frame_of(client, alice, email))
    other = a_message(a_mailbox(alice), a_contact(alice, "Other", "o@o.example"))
    moved = source.replace(str(email.pk), str(other.pk))
    for asked in (source.replace("logo", "admin"), moved, source.partition("?")[0]):
        assert client.get(asked).status_code == 404
    assert not internet.asked


@pytest.mark.django_db
def test_images_of_a_welcome_sender_are_loaded_unasked_for_that_person_only(
    client, alice, bob, email
):
    client.force_login(alice.user)
    assert not picture_in(frame_of(client, alice, email, ""))
    answer = client.post(reverse("always-show-images", args=[email.pk]), follow=True)
    assert "Images from News@Shop.example are shown to you from now on." in answer.content.decode()
    assert picture_in(frame_of(client, alice, email, ""))
    page = client.get(reverse("conversation", args=[email.thread_id])).content.decode()
    assert "Ask before loading their images" in page
    email.copies.update(shared_as=Sharing.FULL)
    assert not picture_in(frame_of(client, bob, email, ""))
    client.force_login(alice.user)
    client.post(reverse("always-show-images", args=[email.pk]), {"stop": "1"})
    assert not picture_in(frame_of(client, alice, email, ""))


@pytest.mark.django_db
def test_a_server_that_was_away_is_asked_again_later(alice, internet):
    internet.is_away = True
    for _ in range(2):
        with pytest.raises(NotFound):
            remote_picture(alice, URL, at=now())
    assert len(internet.asked) == 1
    internet.is_away = False
    later = now() + timedelta(minutes=11)
    assert remote_picture(alice, URL, at=later) == LOGO


@pytest.mark.django_db
def test_what_is_old_is_let_go_and_another_team_has_its_own(alice, charlie, internet):
    remote_picture(alice, URL, at=now() - timedelta(days=91))
    remote_picture(charlie, URL, at=now())
    assert len(internet.asked) == 2
    assert let_old_pictures_go(at=now()) == 1
    assert [one.team_id for one in RemotePicture.objects.all()] == [charlie.team_id]
