"""Takes out of a provider's words what must not reach a log or a page: tokens, codes, addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable

MAX_EVIDENCE = 2000

# Every repetition is bounded: an answer made of nothing but brackets must not take seconds.
_SECRETS = (
    (re.compile(r"(?i)\bbearer\s+[^\s\"',;]+"), "Bearer [token]"),
    (re.compile(r"\bya29\.[\w.~+/-]+=*"), "[token]"),
    (re.compile(r"\b[14]//?[\w-]{20,}"), "[token]"),
    (re.compile(r"\beyJ[\w-]{1,2000}\.[\w-]{1,2000}\.[\w-]*"), "[token]"),
    (
        re.compile(
            r"(?i)([\"']?(?:access_token|refresh_token|id_token|client_secret|code_verifier|code|token)[\"']?"
            r"\s*[:=]\s*[\"']?)[^\s\"'&,}]{6,}"
        ),
        r"\1[token]",
    ),
    (re.compile(r"[^\s<>\"'(),:;@]{1,128}@[^\s<>\"'(),:;@]{1,255}"), "[address]"),
)


def redact(text: str, *, secrets: Iterable[str] = ()) -> str:
    """Return at most 2,000 characters of `text` without tokens, codes, addresses or the given secrets."""
    for secret in filter(None, secrets):
        text = text.replace(secret, "[token]")
    # Cut generously first: the patterns need not crawl through a page of 10 MB.
    text = text[: 4 * MAX_EVIDENCE]
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text[:MAX_EVIDENCE]
