"""Fields of a template that nobody filled: nothing to send to a customer, unless a person means it."""

from __future__ import annotations

from collections.abc import Iterator

from letterbook.kit.refusals import Invalid
from letterbook.mime.html import html_to_text
from letterbook.mime.quoting import QuotedText, split_quoted
from letterbook.outgoing.merge_fields import fields_in
from letterbook.outgoing.models import OutgoingEmail


def unfilled_fields(email: OutgoingEmail, text: QuotedText) -> Iterator[tuple[str, str]]:
    """Yield where and what stands in double braces in one's own words; what is quoted is somebody else's."""
    yield from (("subject", name) for name in fields_in(email.subject))
    yield from (("html", name) for name in fields_in(f"{text.own} {text.signature}"))


def check_filled(email: OutgoingEmail) -> None:
    """Raise `Invalid` naming the first field that is not filled in."""
    # Most emails have no braces at all, and then their text need not be read.
    text = split_quoted(html_to_text(email.html) if email.html.count("{") > 1 else "")
    for field, name in unfilled_fields(email, text):
        raise Invalid(
            f"“{name}” is not filled in.",
            way_out="Fill it in, or say that it shall leave like this.",
            field=field,
            code="UnfilledField",
        )
