"""The audit log's page: narrowed, page by page, taken along; for those who administer the team."""

from __future__ import annotations

import csv
import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import localtime

from browsing import as_member, words
from factories import a_contact, a_mailbox
from letterbook.correspondence.sharing.glass import break_glass
from letterbook.mailboxes.keeping import change_sharing
from letterbook.mailboxes.models import Sharing
from letterbook.teams.audit import record_audit
from letterbook.teams.joining import change_role, remove_member
from letterbook.teams.models import AuditEntry, Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def log(alice, bob, charlie, at):
    """Two hundred and fifty entries of two people, and one of another team."""
    for number in range(250):
        record_audit(
            "token created" if number % 5 else "invited",
            team_id=alice.team_id,
            user=(alice, bob)[number % 2].user,
            at=at + timedelta(hours=number),
            name=f"number {number:03}",
        )
    record_audit("invited", team_id=charlie.team_id, user=charlie.user, at=at, name="elsewhere")


def names(page):
    return re.findall(r"number \d{3}|elsewhere", words(page))


def test_every_entry_is_on_one_page_while_more_is_done(alice, log, at):
    browser, address, seen = as_member(alice), reverse("audit"), []
    while address:
        page = browser.get(address)
        seen += names(page)
        record_audit("joined", team_id=alice.team_id, user=alice.user, at=at)
        older = re.search(r'href="(\?[^"]*older_than[^"]*)"', words(page))
        address = reverse("audit") + older[1] if older else ""
    assert seen == [f"number {number:03}" for number in reversed(range(250))]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"what": "invited", "who": "bob"}, 25),
        ({"since": "2026-11-18", "until": "2026-11-18"}, 24),
        ({"what": "no such thing"}, 0),
        ({"who": "nonsense", "since": "yesterday", "older_than": "x", "what": "invited"}, 50),
    ],
)
def test_the_log_is_narrowed(alice, bob, log, asked, expected):
    """What makes no sense narrows nothing."""
    asked = {name: str(bob.user_id) if value == "bob" else value for name, value in asked.items()}
    assert len(names(as_member(alice).get(reverse("audit"), asked))) == expected


def test_an_entry_leads_to_what_it_is_about(alice, at):
    contact = a_contact(alice)
    record_audit(
        "contact deleted", team_id=alice.team_id, user=None, at=at, subject=("contact", contact.pk)
    )
    page = words(as_member(alice).get(reverse("audit")))
    assert reverse("contact", args=[contact.pk]) in page
    assert "Letterbook" in page


def test_the_log_is_taken_along_and_that_stands_in_it(alice, log):
    answer = as_member(alice).post(reverse("export-audit") + "?what=invited")
    rows = list(csv.DictReader(answer.content.decode().splitlines()))
    assert len(rows) == 50
    assert rows[0]["details"] == '{"name": "number 245"}'
    assert AuditEntry.objects.filter(what="audit log exported", user=alice.user).count() == 1


def test_who_does_not_administer_reads_nothing_of_it(bob, charlie, log):
    browser = as_member(bob)
    page = browser.get(reverse("audit"))
    assert not names(page)
    assert "Owners and admins read what was done" in words(page)
    assert browser.post(reverse("export-audit")).status_code == 403
    assert names(as_member(charlie).get(reverse("audit"))) == ["elsewhere"]


def test_who_left_is_still_named(alice, bob, at):
    """What was done to whom, and by whom, is read by name; also when they are no longer in the team."""
    change_role(alice, target=bob, role=Role.ADMIN, at=at)
    bob.refresh_from_db()
    record_audit("token created", team_id=alice.team_id, user=bob.user, at=at, name="His program")
    asked = {"team_id": alice.team_id, "user": alice.user, "at": at}
    record_audit("admission ended", **asked, who=str(bob.user_id))
    remove_member(alice, target=bob, at=at)
    lines = [" ".join(one.split()) for one in entries(as_member(alice).get(reverse("audit")))]
    assert lines == [
        "Alice Halden: member removed, Bob Rowe",
        "Alice Halden: admission ended, who Bob Rowe",
        "Bob Rowe: token created, name His program",
        "Alice Halden: role changed, Bob Rowe, role admin",
        "Alice Halden: team founded",
    ]


def entries(page):
    found = re.findall(r'<p class="min-w-0 \[overflow-wrap:anywhere\]">(.*?)</p>', words(page))
    return [re.sub(r"<[^>]*>", "", one) for one in found]


def test_how_much_is_shared_is_said_as_everywhere(alice, mailbox, at):
    change_sharing(alice, mailbox, sharing=Sharing.METADATA, at=at)
    assert entries(as_member(alice).get(reverse("audit")))[0].endswith(
        "new who and when, old full emails"
    )


def test_a_moment_is_said_in_the_readers_time(alice, bob, at):
    """P8: until when a mailbox stands open is told as any other time, not as machines write it."""
    box = a_mailbox(bob, sharing=Sharing.PRIVATE)
    broken = break_glass(alice, box, reason="A client waits for it", at=at)
    page = words(as_member(alice).get(reverse("audit")))
    assert f"until {localtime(broken.ends_at):%-d %b %Y, %H:%M}" in page
    assert broken.ends_at.isoformat() not in page
