"""The main loop as a person walks it, in a real browser against real processes."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.processes]

SUBJECT = "A question about the second proof"


def test_writing_to_a_contact_is_sent_without_reloading_and_the_answer_appears(demo, page: Page):
    """S16, S31, S36, S60, S89: sign in, write, queued → sent by itself, the answer comes, both on the timeline."""
    page.goto(demo)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Priya")

    page.goto(f"{demo}/contacts?q=Ruth+Adeyemi")
    page.get_by_role("link", name="Ruth Adeyemi").first.click()
    page.wait_for_url(re.compile(r"/contacts/[0-9a-f-]{36}$"))
    contact = page.url
    page.get_by_role("main").get_by_role("link", name=re.compile("^Write")).first.click()
    page.wait_for_url(re.compile("/write"))
    page.get_by_label("Subject").fill(SUBJECT)
    page.locator("#editor").click()
    page.keyboard.type("Dear Ruth, may we have your corrections by Friday?")
    _send(page)

    page.goto(f"{demo}/outbox?show=queued")
    row = page.locator("article", has_text=SUBJECT)
    page.goto(f"{demo}/outbox")
    expect(row.or_(page.get_by_text("Sent").first).first).to_be_visible()

    # The contact's page is opened once and never reloaded: the status and the answer arrive by themselves.
    page.goto(contact)
    ours = page.locator("article.entry.out", has_text=SUBJECT).first
    # Between being sent and being on record it is for a worker to have its turn.
    expect(ours).to_be_visible(timeout=60_000)
    expect(ours).to_contain_text("Sent", timeout=40_000)
    theirs = page.locator("article.entry.in", has_text=SUBJECT).first
    expect(theirs).to_be_visible(timeout=90_000)

    theirs.get_by_role("link", name=re.compile(SUBJECT)).first.click()
    page.wait_for_url(re.compile("/conversations/"))
    letter = page.frame_locator("iframe").first
    expect(letter.get_by_text("may we have your corrections by Friday?").first).to_be_visible()


def test_an_open_outbox_shows_each_status_without_reloading(demo, page: Page):
    """S6, S8, S16: queued with a countdown, then sent, on a page that nobody touches."""
    page.goto(f"{demo}/write?to=ruth@caldermuseum.example")
    page.get_by_label("Subject").fill("Watching it leave")
    page.locator("#editor").click()
    page.keyboard.type("One, two, three.")
    _send(page)
    page.goto(f"{demo}/outbox")
    row = page.locator("article", has_text="Watching it leave").first
    expect(row).to_contain_text(re.compile("Queued|Sending|Sent"))
    expect(row).to_contain_text("Sent", timeout=40_000)


def test_the_first_person_founds_a_team_and_is_shown_three_ways_to_begin(fresh, page: Page):
    """A new installation: sign up, then connect, import or open the demo."""
    page.goto(fresh)
    expect(page.get_by_role("heading", name="Create your account")).to_be_visible()
    page.get_by_label("Your name").fill("Nora Newcomer")
    page.get_by_label("Your team's name").fill("First Team")
    page.get_by_label("Email").fill("nora@first.example")
    page.get_by_label("Password").first.fill("a long enough passphrase")
    page.get_by_role("button", name="Create my account").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Three ways to fill it")
    for way in ("Connect Gmail", "Import a file", "Open the demo"):
        expect(page.get_by_role("heading", name=way)).to_be_visible()


def _send(page: Page) -> None:
    """Press Send, and again where the composer has something to say first."""
    page.get_by_role("button", name=re.compile("^Send")).first.click()
    anyway = page.get_by_role("button", name="Send anyway")
    expect(anyway.or_(page.get_by_text(re.compile("Undo|Leaves in"))).first).to_be_visible()
    if anyway.is_visible():
        anyway.click()
    page.wait_for_url(lambda url: "/write" not in url and "/edit" not in url)
