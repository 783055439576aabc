"""The composer as a person uses it, in a real browser: nothing typed, pasted or dropped is lost."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.processes]

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
FROM_WORD = """
<html xmlns:o="urn:schemas-microsoft-com:office:office"><body>
<p class=MsoNormal style='color:red'><b>Offer<o:p></o:p></b></p>
<p class=MsoListParagraph style='mso-list:l0 level1 lfo1'><![if !supportLists]><span
 style='mso-list:Ignore'>·<span>&nbsp;</span></span><![endif]>Panels</p>
<p class=MsoListParagraph style='mso-list:l0 level2 lfo1'><![if !supportLists]><span
 style='mso-list:Ignore'>1.<span>&nbsp;</span></span><![endif]>printed</p>
<table><tr><td style='background-color:#dddddd'><p>Panel</p></td><td>40 mm</td></tr>
<tr><td colspan=2>Both</td></tr></table>
<div class="gmail_signature">no seal of ours<img src=x onerror="document.title='broken into'"></div>
</body></html>
"""
PASTE = """([html, picture]) => {
  const data = new DataTransfer();
  if (html) data.setData("text/html", html);
  if (picture) {
    const bytes = Uint8Array.from(atob(picture), (letter) => letter.charCodeAt(0));
    data.items.add(new File([bytes], "shot.png", { type: "image/png" }));
  }
  const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
  document.querySelector("#editor").dispatchEvent(event);
}"""
PASTE_HERE = """text => {
  const data = new DataTransfer();
  data.setData("text", text);
  const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
  document.activeElement.dispatchEvent(event);
}"""
FIELD = "name => new FormData(document.getElementById('composer')).get(name)"


def write_to(page: Page, demo: str, to: str = "ruth@caldermuseum.example") -> None:
    page.goto(demo)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Priya")
    page.goto(f"{demo}/write?to={to}")


def expect_saved(page: Page) -> None:
    expect(page.locator("[data-saved]").first).to_contain_text(
        re.compile(r"^saved \d"), timeout=10_000
    )
    page.wait_for_url(re.compile("/outgoing/.*/edit"))


def test_a_table_and_a_list_from_a_document_survive_being_kept_and_opened_again(demo, page: Page):
    """S21, S27: pasted from Word, cleaned of its looks, the same after a reload."""
    write_to(page, demo)
    page.locator("#editor").click()
    page.evaluate(PASTE, [FROM_WORD, ""])
    expect_saved(page)
    before = page.evaluate(FIELD, "html")
    page.reload()
    editor = page.locator("#editor")
    expect(editor.locator("td")).to_have_count(3)
    expect(editor.locator("td").last).to_have_attribute("colspan", "2")
    expect(editor.locator("ul > li > ol > li")).to_have_text("printed")
    assert "red" not in before
    assert "no seal of ours" in before
    assert before.count("gmail_signature") == 1, (
        "what was pasted became a signature, or replaced it"
    )
    assert "broken" not in page.title()


def test_a_picture_is_pasted_kept_beside_the_text_and_shown_again(demo, page: Page):
    """S21: inline images."""
    write_to(page, demo)
    page.locator("#editor").click()
    with page.expect_response(lambda answer: "cid%3A" in (answer.request.post_data or "")):
        page.evaluate(PASTE, ["", PNG])
    expect_saved(page)
    page.reload()
    shown = page.locator("#editor img[src*='/pictures/']")
    expect(shown).to_have_count(1)
    assert shown.evaluate("picture => picture.decode().then(() => picture.naturalWidth)") == 1


def test_recipients_are_written_moved_corrected_and_removed_by_key_alone(demo, page: Page):
    """S26, S91: chips without a mouse; the reason stands on a wrong one; nobody twice."""
    write_to(page, demo, to="")
    to = page.get_by_label("To", exact=True)
    expect(to).to_be_focused()
    page.keyboard.type("dewi@caldermuseum,ruth ade")
    expect(page.locator(".recipients [role=option]").first).to_contain_text("Ruth Adeyemi")
    page.keyboard.press("Enter")
    chips = page.locator("[data-line=to] .recipient")
    expect(chips.first).to_contain_text("needs a dot after @")
    page.keyboard.type("Ruth@Caldermuseum.example;")
    expect(chips).to_have_count(2)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    page.keyboard.press("End")
    page.keyboard.type(".example")
    page.keyboard.press("Enter")
    expect(page.locator(".recipient.warn")).to_have_count(0)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Alt+ArrowDown")
    expect(page.locator("[data-line=cc] .recipient")).to_contain_text("Ruth Adeyemi")
    expect(chips).to_have_count(1)
    page.keyboard.press("Backspace")
    assert page.evaluate(FIELD, "cc") == ""


def test_whoever_clicks_on_the_signature_and_writes_does_not_write_it_away(demo, page: Page):
    """S27, S92: an empty email is mostly its signature, so that is where people click."""
    write_to(page, demo)
    signature = page.locator(".kept-signature")
    signature.locator(".kept-body").click()
    page.keyboard.type("Dear Ruth")
    expect(page.locator("#editor > p").first).to_have_text("Dear Ruth")
    expect(signature).to_be_visible()
    signature.locator(".kept-body").click()
    page.evaluate(PASTE, ["<p>Yours</p>", None])
    expect(page.locator("#editor")).to_contain_text("Yours")
    expect(signature).to_be_visible()


def test_a_space_after_a_whole_address_finishes_it_and_a_pasted_list_is_taken_apart(
    demo, page: Page
):
    """S26, S91: what other programs' recipient fields taught people to type and to paste."""
    write_to(page, demo, to="")
    to = page.get_by_label("To", exact=True)
    to.press_sequentially("Ann Other <ann@elsewhere.example> ")
    chips = page.locator("[data-line=to] .recipient")
    expect(chips).to_contain_text(["Ann Other"])
    to.press_sequentially("ruth ade")
    expect(to).to_have_value("ruth ade")
    to.fill("")
    page.evaluate(PASTE_HERE, "Adeyemi, Ruth <ruth@caldermuseum.example>; tom@elsewhere.example")
    expect(chips).to_contain_text(["Ann Other", "Adeyemi, Ruth", "tom@elsewhere.example"])
    page.keyboard.press("Backspace")
    page.keyboard.press("Backspace")
    expect(chips).to_have_count(2)
    assert page.evaluate(FIELD, "to") == (
        'Ann Other <ann@elsewhere.example>, "Adeyemi, Ruth" <ruth@caldermuseum.example>'
    )


def test_what_is_typed_while_offline_is_kept_here_and_saved_later(demo, page: Page):
    """Nothing is sent, nothing is lost, and it is said where the text is."""
    write_to(page, demo)
    page.get_by_label("Subject").fill("Before")
    expect_saved(page)
    page.context.set_offline(True)
    page.get_by_label("Subject").fill("Written on a train")
    state = page.locator("[data-saved]").first
    expect(state).to_contain_text("offline, kept in this tab")
    page.get_by_role("button", name=re.compile("^Send")).click()
    expect(state).to_contain_text("kept in this tab")
    assert "/edit" in page.url
    page.context.set_offline(False)
    expect(state).to_contain_text(re.compile(r"^saved \d"), timeout=15_000)
    page.reload()
    expect(page.get_by_label("Subject")).to_have_value("Written on a train")


def test_what_never_reached_the_server_is_put_back_after_a_reload(demo, page: Page):
    write_to(page, demo)
    page.get_by_label("Subject").fill("Before")
    expect_saved(page)
    page.route("**/draft", lambda route: route.abort())
    page.locator("#editor").click()
    page.keyboard.type("Only here.")
    expect(page.locator("[data-saved]").first).to_contain_text("kept in this tab")
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.reload()
    assert asked == ["beforeunload"]
    page.unroute("**/draft")
    expect(page.locator("#editor")).to_contain_text("Only here.")
    expect_saved(page)


def test_a_page_whose_sign_in_ended_keeps_the_text_and_saves_it_after_signing_in(demo, page: Page):
    write_to(page, demo)
    page.get_by_label("Subject").fill("Before")
    expect_saved(page)
    sign_in = page.evaluate("document.body.dataset.signIn")
    for address in ("**/draft", "**/write/token"):
        page.route(address, lambda route: route.fulfill(status=302, headers={"location": sign_in}))
    page.route(f"**{sign_in}*", lambda route: route.fulfill(status=200, body="<h1>Sign in</h1>"))
    page.get_by_label("Subject").fill("After the session")
    expect(page.get_by_text("You are signed out.")).to_be_visible(timeout=10_000)
    expect(page.locator("[data-saved]").first).to_contain_text("signed out, kept in this tab")
    for address in ("**/draft", "**/write/token", f"**{sign_in}*"):
        page.unroute(address)
    expect(page.locator("[data-saved]").first).to_contain_text(
        re.compile(r"^saved \d"), timeout=20_000
    )
    expect(page.get_by_text("You are signed out.")).to_be_hidden()


def test_two_windows_never_overwrite_each_other(demo, page: Page):
    """S27: the second window is told what the first changed, and its text becomes a copy."""
    write_to(page, demo)
    page.get_by_label("Subject").fill("First")
    expect_saved(page)
    other = page.context.new_page()
    other.goto(page.url)
    other.get_by_label("Subject").fill("Theirs")
    expect_saved(other)
    page.get_by_label("Subject").fill("Mine")
    notice = page.locator(".notice.changed")
    expect(notice).to_contain_text("Theirs", timeout=10_000)
    first = page.url
    notice.get_by_role("button", name="Keep mine as a copy").click()
    page.wait_for_url(lambda url: url != first)
    expect(page.get_by_label("Subject")).to_have_value("Mine")
    other.reload()
    expect(other.get_by_label("Subject")).to_have_value("Theirs")


def test_a_file_is_dropped_anywhere_and_one_too_large_is_refused_before_it_leaves(
    demo, page: Page, tmp_path
):
    write_to(page, demo)
    large = tmp_path / "film.mov"
    with large.open("wb") as file:
        file.truncate(27 * 1024 * 1024)
    sent = []
    page.on(
        "request", lambda request: sent.append(request.url) if "/files" in request.url else None
    )
    page.set_input_files("#id_file", [large])
    expect(page.locator("#id_file_error")).to_contain_text("with film.mov they have")
    assert sent == []
    page.evaluate(
        """() => {
          const data = new DataTransfer();
          data.items.add(new File(["plan"], "plan.txt", { type: "text/plain" }));
          const event = { dataTransfer: data, bubbles: true, cancelable: true };
          document.getElementById("id_subject").dispatchEvent(new DragEvent("drop", event));
        }"""
    )
    files = page.locator("ul[data-files] > li:visible")
    expect(files).to_contain_text("plan.txt")
    page.get_by_role("button", name="Remove plan.txt").click()
    expect(files).to_have_count(0)


def test_a_forgotten_file_that_is_added_leaves_nothing_to_look_at(demo, page: Page, tmp_path):
    """S91: the caution goes, and the button says again what it does."""
    write_to(page, demo)
    page.get_by_label("Subject").fill("The plan is attached")
    page.locator("#editor").click()
    page.keyboard.type("Please see the attached plan.")
    page.keyboard.press("Control+Enter")
    send = page.locator("button[data-key='mod+enter']")
    expect(send).to_contain_text("Send anyway")
    plan = tmp_path / "plan.txt"
    plan.write_text("plan")
    page.set_input_files("#id_file", [plan])
    expect(page.locator("#cautions")).to_have_count(0)
    expect(send).not_to_contain_text("anyway")
    expect(send).to_contain_text("Send")


def test_the_quoted_history_is_folded_and_yet_sent(demo, page: Page):
    """S92: a reply quotes; the page does not grow with it."""
    page.goto(demo)
    page.goto(f"{demo}/contacts?q=Ruth+Adeyemi")
    page.get_by_role("link", name="Ruth Adeyemi").first.click()
    page.locator("article.entry.in a.open").first.click()
    page.locator("#reply").get_by_role("button", name="Reply", exact=True).click()
    editor = page.locator("#editor")
    expect(editor).to_be_focused()
    page.keyboard.type("Yes, by Friday.")
    html = page.evaluate(FIELD, "html")
    assert html.index("Yes, by Friday.") < html.index('class="gmail_quote"')
    fold = page.get_by_role("button", name="Show the quoted history")
    expect(fold).to_have_attribute("aria-expanded", "false")
    expect(page.get_by_text("wrote:")).to_be_hidden()
    fold.click()
    expect(editor.get_by_text("wrote:")).to_be_visible()


def test_a_template_is_found_previewed_and_inserted_by_key(demo, page: Page):
    page.goto(demo)
    page.goto(f"{demo}/templates/new")
    page.get_by_label("Name, for you and the team").fill("Proof follow-up")
    page.get_by_label("Subject").fill("Your proof")
    page.locator("#editor").click()
    page.keyboard.type("Dear ")
    page.get_by_role("button", name="First name of the contact").click()
    page.keyboard.type(",")
    page.get_by_label("For which contact").fill("ruth adeyemi")
    expect(page.locator("#preview")).to_contain_text("Dear Ruth,")
    page.get_by_role("button", name="Save").click()
    write_to(page, demo)
    page.get_by_role("button", name="Templates").press("Enter")
    expect(page.get_by_label("Search templates")).to_be_focused()
    page.keyboard.type("follow")
    insert = page.get_by_role("button", name="Insert Proof follow-up")
    expect(insert).to_be_visible()
    insert.press("Enter")
    expect(page.locator("#editor")).to_contain_text("Dear Ruth,")
    expect(page.get_by_label("Subject")).to_have_value("Your proof")


def test_what_an_email_is_about_is_looked_up_and_linked_by_keys(demo, page: Page):
    """S20: before there is a draft, several one after the other, without leaving the page."""
    page.goto(demo)
    page.goto(f"{demo}/write")
    field = page.get_by_label("What this email is about")
    field.focus()
    page.keyboard.type("ruth ad")
    expect(page.locator("[role=option]").first).to_contain_text("Ruth Adeyemi")
    page.keyboard.press("Enter")
    page.keyboard.type("HR-1460")
    expect(page.locator("[role=option]", has_text="Deal")).to_be_visible()
    while "Deal" not in page.locator("[role=option][aria-selected=true]").inner_text():
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    linked = page.locator("[data-subjects] li")
    expect(linked).to_have_text([re.compile("Ruth Adeyemi"), re.compile("Deal.*HR-1460")])
    expect(field).to_be_focused()
    expect_saved(page)
    page.keyboard.press("Backspace")
    page.keyboard.press("Enter")
    expect(linked).to_have_count(1)
    page.reload()
    expect(linked).to_have_text([re.compile("Ruth Adeyemi")])
