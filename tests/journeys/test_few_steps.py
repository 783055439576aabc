"""What is done forty times a day takes three steps at most, by keys alone; and open pages hear of it by themselves."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.processes]

FAILED = "Lift lobby: drawing for the engineer"
TWO_SECONDS = 2_000
A_POLL = 8_000  # every five seconds while the stream is broken


class Steps:
    """Counts what a person does: each click and each key, but not the letters they type."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.taken = 0

    def press(self, key: str) -> None:
        """Press a key, or keys at the same time."""
        self.taken += 1
        self.page.keyboard.press(key)

    def click(self, what: Locator) -> None:
        """Click."""
        self.taken += 1
        what.click()


def test_replying_takes_three_steps(demo, page: Page):
    """S91: from Today to an answer that is on its way."""
    page.goto(demo)
    steps = Steps(page)
    steps.click(page.get_by_role("link", name=re.compile("^Reply to")).first)
    page.wait_for_url(re.compile("/conversations/"))
    steps.press("r")
    editor = page.locator("#reply [contenteditable]").first
    expect(editor).to_be_focused()
    page.keyboard.type("Yes, it still fits.")
    steps.press("Control+Enter")
    expect(page.locator("#reply [contenteditable]")).to_have_count(0)
    assert steps.taken <= 3
    page.goto(f"{demo}/outbox")
    ours = page.locator("article", has_text="Signage for the east wing").first
    expect(ours).to_contain_text(re.compile("Queued|Sending|Sent"))
    # Still on its way, it would meet what another test has Gmail refuse next.
    expect(ours).to_contain_text("Sent", timeout=40_000)


def test_finding_takes_three_steps(demo, page: Page):
    """S91: from anywhere to an email that one remembers a word of."""
    page.goto(f"{demo}/outbox")
    steps = Steps(page)
    steps.press("/")
    page.wait_for_url(re.compile("/search"))
    page.get_by_role("searchbox").fill("winter")
    expect(page.locator("#found [data-row]").first).to_be_visible()
    steps.click(page.locator("#found [data-row] a").first)
    page.wait_for_url(re.compile("/(conversations|messages)/"))
    assert steps.taken <= 3


def test_retrying_takes_three_keys_and_every_open_page_hears_of_it_within_two_seconds(
    demo, page: Page, browser: Browser
):
    """S16, S91, S95: nobody reloads the desk from which the failure goes."""
    page.goto(f"{demo}/outbox/failures")
    expect(page.locator("article", has_text=FAILED)).to_be_visible()
    expect(page.locator("[data-live]")).to_have_attribute("data-state", "live")
    other = browser.new_context().new_page()
    other.goto(f"{demo}/outbox/failures")
    steps = Steps(other)
    steps.press("j")
    steps.press("t")
    expect(page.locator("article", has_text=FAILED)).to_have_count(0, timeout=TWO_SECONDS)
    assert steps.taken <= 3
    other.goto(f"{demo}/outbox/failures?state=resolved")
    expect(other.locator("article", has_text=FAILED)).to_contain_text("Queued again, by you")
    # Still on its way, it would meet what another test has Gmail refuse next.
    other.goto(f"{demo}/outbox?show=sent")
    expect(other.locator("article", has_text=FAILED)).to_be_visible(timeout=40_000)
    other.context.close()


def test_what_failed_together_is_retried_together_and_leaves(demo, demo_gmail, page: Page):
    """S95: two that Gmail refused are ticked, retried with one button, and sent; the result is told."""
    subjects = ("The first of two", "The second of two")
    for subject in subjects:
        demo_gmail.refuse_next("drafts.send", mailbox="priya@haldenrowe.example")
        page.goto(f"{demo}/write?to=ruth@caldermuseum.example")
        page.get_by_label("Subject").fill(subject)
        page.locator("#editor").click()
        page.keyboard.type("As we said.")
        page.keyboard.press("Control+Enter")
        page.wait_for_url(re.compile("/(outbox|contacts)"))
        page.goto(f"{demo}/outbox/failures")
        expect(page.locator("article", has_text=subject)).to_be_visible(timeout=40_000)
    for subject in subjects:
        page.get_by_role("checkbox", name=f"Retry {subject}").press("Space")
    page.get_by_role("button", name="Retry those ticked").press("Enter")
    expect(page.get_by_text("Two emails are queued again.")).to_be_visible()
    page.goto(f"{demo}/outbox?show=sent")
    for subject in subjects:
        expect(page.locator("article", has_text=subject)).to_be_visible(timeout=40_000)


def test_while_the_stream_is_cut_the_page_asks_by_itself(demo, page: Page, browser: Browser):
    """S16: it falls back to asking every few seconds."""
    page.route(re.compile(r"/events\b"), lambda route: route.abort())
    page.goto(f"{demo}/outbox?show=drafts")
    expect(page.locator("[data-live]")).to_have_attribute("data-state", "broken")
    other = browser.new_context().new_page()
    other.goto(f"{demo}/write?to=ruth@caldermuseum.example")
    other.get_by_label("Subject").fill("Written while the line was down")
    expect(page.locator("article", has_text="Written while the line was down")).to_be_visible(
        timeout=A_POLL + 10_000  # the draft keeps itself a moment after the last letter
    )
    other.context.close()


def test_the_queue_is_paused_and_resumed_where_it_is_seen(demo, page: Page):
    """S24: with the reason, from the outbox itself, by keys alone."""
    page.goto(f"{demo}/outbox")
    page.get_by_text("Pause sending").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("The prices are wrong")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    notice = page.locator(".notice", has_text="Nothing leaves from")
    expect(notice).to_contain_text("The prices are wrong")
    notice.get_by_role("button", name="Resume").press("Enter")
    expect(notice).to_have_count(0)
