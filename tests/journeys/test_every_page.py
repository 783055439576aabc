"""Every page in a real browser: wide and narrow, light and dark, by keys alone, and for people who cannot see it."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.processes]

WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
PAGES = (
    "/",
    "/first-run",
    "/search?q=proof",
    "/contacts",
    "/contacts/new",
    "/contacts/import",
    "/insights",
    "/write",
    "/outbox",
    "/outbox/failures",
    "/outbox/failures?state=resolved",
    "/templates",
    "/templates/new",
    "/mailboxes",
    "/mailboxes/import",
    "/mailboxes/connect",
    "/mailboxes/why",
    "/team",
    "/team/rules",
    "/team/audit",
    "/settings",
)
# One page of each kind that is reached through a list: the list, and what its address looks like.
BEHIND = (
    ("/contacts?q=Ruth+Adeyemi", r"/contacts/[0-9a-f-]{36}$", ("", "/edit", "/merge?q=r")),
    ("/search?q=proof", r"/(?:conversations|messages)/[0-9a-f-]{36}", ("",)),
    ("/outbox?show=sent", r"/outgoing/[0-9a-f-]{36}$", ("",)),
    ("/outbox?show=drafts", r"/outgoing/[0-9a-f-]{36}/edit", ("",)),
    ("/templates", r"/templates/[0-9a-f-]{36}$", ("",)),
    ("/mailboxes", r"/mailboxes/[0-9a-f-]{36}$", ("", "/coverage", "/rules")),
)
ROWS = "[data-row], .row:has(a, button)"


def test_every_page_is_usable_at_both_sizes_light_and_dark(demo, page: Page):
    """S91, S92: axe finds nothing, nor anything against good practice, and nothing is wider than a phone."""
    # Colours that are still fading are nobody's to judge.
    page.emulate_media(reduced_motion="reduce")
    page.goto(demo)
    flaws = [flaw for path in every_page(page, demo) for flaw in _flaws(page, demo, path)]
    assert flaws == []


def every_page(page: Page, demo: str) -> list[str]:
    """The addresses of all pages, one of each kind."""
    found = list(PAGES)
    for path, looks_like, endings in BEHIND:
        page.goto(demo + path)
        hrefs = page.eval_on_selector_all("main a[href]", "links => links.map(one => one.href)")
        first = next(one for one in hrefs if re.search(looks_like, one))
        found += [first.removeprefix(demo).partition("#")[0] + ending for ending in endings]
    return found


def _flaws(page: Page, demo: str, path: str) -> list[str]:
    page.set_viewport_size(WIDE)
    page.goto(demo + path)
    flaws = _found_by_axe(page, f"{path}, wide and light")
    if not path.startswith("/write") and not path.endswith("/edit"):
        flaws += _keys(page, path)
    page.set_viewport_size(NARROW)
    page.evaluate("document.documentElement.dataset.theme = 'ink'")
    flaws += _found_by_axe(page, f"{path}, narrow and dark")
    wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return flaws + ([f"{path} is {wider} pixels wider than a phone"] if wider > 0 else [])


def _found_by_axe(page: Page, where: str) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{where}: {one['id']}, {one['nodes'][0]['html'][:120]}" for one in found]


def _keys(page: Page, path: str) -> list[str]:
    """Walk with j, and let ? list what else there is."""
    page.evaluate("document.activeElement.blur()")
    flaws = []
    rows = page.locator(ROWS).filter(visible=True)
    # The demo lives: what changes just then is drawn anew.
    if rows.count() and not any(_leads_somewhere(page) for _ in range(3)):
        flaws.append(f"{path}: j leads nowhere")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    named = set(page.locator("#keys kbd").all_inner_texts())
    asked = "list => list.filter(one => one.checkVisibility()).map(one => one.dataset.key)"
    keys = set(page.eval_on_selector_all("[data-key]", asked)) - {"mod+enter"}
    flaws += [f"{path}: ? does not name {key}" for key in keys if key.upper() not in named]
    page.keyboard.press("Escape")
    return flaws


def test_writing_and_searching_are_one_key_away_from_every_list(demo, page: Page):
    """S91."""
    page.goto(demo)
    for path in ("/", "/contacts", "/outbox/failures"):
        page.goto(demo + path)
        page.keyboard.press("c")
        page.wait_for_url(re.compile("/write"))
        page.goto(demo + path)
        page.keyboard.press("/")
        page.wait_for_url(re.compile("/search"))
    page.goto(f"{demo}/search?q=proof")
    page.get_by_role("main").click(position={"x": 5, "y": 300})
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    assert page.get_by_role("searchbox").input_value() == "proof"


def _leads_somewhere(page: Page) -> bool:
    page.keyboard.press("j")
    page.wait_for_timeout(100)
    return bool(page.evaluate(f"Boolean(document.activeElement.closest('{ROWS}'))"))
