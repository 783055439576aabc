"""What a person sees when asked for permission: who are you, and what do you allow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

from letterbook.providers.fake_gmail.wire import FakeAnswer

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;background:#f3f5f9;color:#1d2433;margin:0;"
    "display:grid;place-items:center;min-height:100vh}"
    "main{background:#fff;border:1px solid #d8deea;border-radius:16px;padding:2rem;"
    "max-width:26rem;width:90%}h1{font-size:1.35rem;margin:0 0 .25rem}"
    "fieldset{border:0;padding:0;margin:1.25rem 0}legend{font-weight:600;padding:0}"
    "label{display:block;padding:.4rem 0}p{margin:0 0 1rem;color:#4a556d}"
    "button{font:inherit;padding:.55rem 1.4rem;border-radius:999px;border:1px solid #2450b8;"
    "background:#2450b8;color:#fff}button.no{background:#fff;color:#2450b8}"
)


def consent_page(
    *, asked: Mapping[str, str], accounts: Iterable[str], scopes: Iterable[str]
) -> FakeAnswer:
    """Return the page that offers the accounts and the scopes asked for."""
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in asked.items()
    )
    body = (
        "<h1>Fake Google</h1><p>This stands in for Google. No real account is involved.</p>"
        f'<form method="post" action="{escape(CONSENT_PATH)}">{hidden}'
        f"<fieldset><legend>Choose an account</legend>{_radios(accounts, asked)}</fieldset>"
        f"<fieldset><legend>Allow</legend>{_checkboxes(scopes)}</fieldset>"
        '<button name="decision" value="allow">Continue</button> '
        '<button class="no" name="decision" value="deny">Cancel</button></form>'
    )
    return _page("Sign in with Fake Google", body, status=200)


CONSENT_PATH = "/o/oauth2/v2/auth/consent"


def refusal_page(code: str, explanation: str) -> FakeAnswer:
    """Return the page shown when the application itself is wrong: nobody is sent back to it."""
    body = f"<h1>Access blocked</h1><p>{escape(explanation)}</p><p>Error 400: {escape(code)}</p>"
    return _page("Access blocked", body, status=400)


def _radios(accounts: Iterable[str], asked: Mapping[str, str]) -> str:
    offered = list(accounts)
    hint = asked.get("login_hint", "")
    chosen = hint if hint in offered else (offered[0] if offered else "")
    return "".join(
        f'<label><input type="radio" name="account" value="{escape(one)}" required'
        f"{' checked' if one == chosen else ''}> {escape(one)}</label>"
        for one in offered
    )


def _checkboxes(scopes: Iterable[str]) -> str:
    return "".join(
        f'<label><input type="checkbox" name="granted" value="{escape(one)}" checked>'
        f" {escape(one)}</label>"
        for one in scopes
    )


def _page(title: str, body: str, *, status: int) -> FakeAnswer:
    page = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{_STYLE}</style></head><body><main>{body}</main></body></html>"
    )
    return FakeAnswer(status, page.encode(), content_type="text/html; charset=utf-8")
