"""The sealed frame in which an email's own HTML is shown: its document, and the policy that seals it."""

from __future__ import annotations

import re
from html import escape, unescape

from letterbook.mime.html import SafeHtml
from letterbook.web.frame_colours import in_black_on_white

# The frame runs no script, so "same-origin" gives its content no power; it lets our own page measure how tall the
# email is. Forms, top navigation and downloads stay forbidden; links open in a new tab that knows nothing of us.
# The iframe element carries the same words (components/letter.html): the stricter of the two would win.
SANDBOX = "allow-same-origin allow-popups allow-popups-to-escape-sandbox"
# Remote images come through us, from the page's own address.
FRAME_POLICY = (
    "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'self'; sandbox " + SANDBOX
)
# A picture without an address, as the cleaning writes it: one that is remote, or that the email does not hold.
_PICTURE_NOT_SHOWN = re.compile(r'<img(?:\s(?!src=)[\w-]+="[^"]*")*>')
_WORDS = re.compile(r'\salt="([^"]*)"')
_NOTHING = '<p class="nothing">Nothing in this email can be shown. Its source, in the menu above, has it all.</p>'
# What chooses colours, or shows pictures, was made for paper and is shown on paper in both themes. A letter without any
# is written in the page's own ink. What an email holds can never leave the frame's box.
_LOOK = """
:root { --paper: #fff; --ink: #222; --line: #ddd; --second: #555; --link: #254590; --bar: #f6f4ef }
:root.plain { color-scheme: light dark; --paper: light-dark(#fefdfb, #16191f); --ink: light-dark(#1d222e, #e9e6e1);
  --line: light-dark(#ddd, #3a3f4a); --second: light-dark(#555, #b5b1ab); --link: light-dark(#254590, #a6b9ee);
  --bar: light-dark(#f6f4ef, #1f232b) }
:root.paper { color-scheme: light }
:root.ink.plain { color-scheme: dark }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.55 Arial, sans-serif }
body { overflow-wrap: break-word }
#email { padding: 14px 18px; overflow-x: auto; contain: paint }
#email img { max-width: 100%; height: auto }
#email .picture { display: inline-block; max-width: 100%; margin: 1px; padding: 1px 6px; border: 1px dashed #8a857c }
#email .picture { border-radius: 3px; font: 12px/18px Arial, sans-serif }
#email .nothing { margin: 0; color: var(--second) }
#email pre { white-space: pre-wrap }
#email blockquote { margin: 8px 0 8px 4px; padding-left: 12px; border-left: 2px solid var(--line) }
#email blockquote { color: var(--second) }
#email summary { width: fit-content; margin: 8px 0; color: var(--second); font-size: 13px; cursor: pointer }
.plain a { color: var(--link) }
#images { display: flex; flex-wrap: wrap; align-items: baseline; gap: 2px 16px; margin: 0; padding: 7px 18px }
#images { border-bottom: 1px solid var(--line); background: var(--bar); color: var(--second); font-size: 13px }
#images a { margin-left: auto; padding: 2px 0; color: var(--link); font-weight: 600 }
@media print { #images { display: none } }
/* Newsletters are 600 px wide. On a phone their widths are let go of; frames.js shows smaller what is still wider. */
@media (width < 480px) {
  #email * { max-width: 100% !important; min-width: 0 !important }
  #email [width]:not(img) { width: auto }
  #email [width="100%"] { width: 100% }
  #email [nowrap] { white-space: normal }
}
""".strip()


def frame_document(safe: SafeHtml, *, with_images: bool, theme: str = "") -> str:
    """Return the whole document of the frame around HTML that was made safe; `theme` is the one the viewer chose."""
    notice = "" if with_images else _notice(safe.remote_image_count)
    html = _PICTURE_NOT_SHOWN.sub(_described, safe.html)
    plain = in_black_on_white(html)
    looks = "paper" if plain is None else f"plain {theme}".strip()
    shown = (html if plain is None else plain) if _is_anything_in(html) else _NOTHING
    return (
        f'<!doctype html><html lang="en" class="{looks}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>Email</title>'
        f"<style>{_LOOK}</style></head><body>{notice}"
        f'<div id="email">{shown}</div></body></html>'
    )


def _described(found: re.Match[str]) -> str:
    """Return a picture that is not shown as the words that describe it; without any it keeps its room, empty."""
    words = _WORDS.search(found[0])
    if words is None or not words[1].strip():
        return found[0]
    # Within an attribute `<` stands as it is.
    return f'<span class="picture">{escape(unescape(words[1]))}</span>'


def _is_anything_in(html: str) -> bool:
    return "<img" in html or bool(re.sub(r"<[^>]*>|&nbsp;|\s", "", html))


def _notice(count: int) -> str:
    """Say what is not shown and what showing it tells the sender."""
    if not count:
        return ""
    pictures, them = (
        ("1 remote image is", "it") if count == 1 else (f"{count:,} remote images are", "them")
    )
    return (
        f'<p id="images"><span>{pictures} not loaded. Loading tells the sender that somebody looked, not who.</span>'
        f' <a href="?images=1">Load {them}</a></p>'
    )
