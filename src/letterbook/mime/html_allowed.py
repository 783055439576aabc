"""The tags and attributes that HTML of email may keep; everything else is left out."""

from __future__ import annotations

_STRUCTURE = "article aside blockquote br caption center col colgroup dd details div dl dt figcaption figure footer"
_HEADINGS = "h1 h2 h3 h4 h5 h6 header hr li main ol p pre section summary table tbody td tfoot th thead tr ul"
_PHRASES = "a abbr address b bdi big cite code del dfn em font i img ins kbd mark q s samp small span strike strong"
_OTHER_PHRASES = "sub sup tt u var"
TAGS = set(f"{_STRUCTURE} {_HEADINGS} {_PHRASES} {_OTHER_PHRASES}".split())

# Their content is code, or a place where another parser would read markup that was not checked.
_CODE = "script style noscript template math svg title"
_RAW_TEXT = "noembed noframes plaintext textarea xmp"
_EMBEDDED = "applet audio embed frameset iframe object select video"
DROPPED_WITH_CONTENT = set(f"{_CODE} {_RAW_TEXT} {_EMBEDDED}".split())

ATTRIBUTES: dict[str, set[str]] = {
    "*": {
        "align",
        "bgcolor",
        "color",
        "dir",
        "height",
        "lang",
        "style",
        "title",
        "valign",
        "width",
    },
    "a": {"href"},
    "blockquote": {"type"},
    "col": {"span"},
    "colgroup": {"span"},
    "font": {"face", "size"},
    "img": {"alt", "border", "hspace", "src", "vspace"},
    "ol": {"start", "type"},
    "table": {"border", "cellpadding", "cellspacing"},
    "td": {"colspan", "nowrap", "rowspan"},
    "th": {"colspan", "nowrap", "rowspan", "scope"},
}

# In what we send: the names by which Gmail and others find, and fold, a signature and what is quoted.
SIGNATURE_CLASS = "gmail_signature"
QUOTE_CLASS = "gmail_quote"
COMPOSED_CLASSES = {"div": {SIGNATURE_CLASS, QUOTE_CLASS}, "blockquote": {QUOTE_CLASS}}
