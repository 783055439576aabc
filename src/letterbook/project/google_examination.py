"""What `letterbook doctor` looks at in the set-up at Google, in the order of docs/google.md; each with its fix."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.db.models import Count
from django.utils.timezone import now

from letterbook.mailboxes.clocks import in_words, is_wrong
from letterbook.mailboxes.google import (
    google_client,
    google_endpoints,
    google_transport,
    redirect_uri,
)
from letterbook.mailboxes.models import Kind, Mailbox, MailboxState, Trouble
from letterbook.mailboxes.opening import open_mailbox
from letterbook.project.finding import Finding
from letterbook.providers.clocks import clock_off
from letterbook.providers.errors import (
    AccessRevoked,
    PermissionMissing,
    ProviderError,
    SetupWrong,
    TryLater,
)

# Google's ends in .apps.googleusercontent.com and begins with the project's number; other servers have their own.
_CLIENT_ID = re.compile(r"(?:(\d+)-)?[\w-]+\.apps\.[\w.-]+")
_CONSOLE = "https://console.cloud.google.com"
_SECONDS = 10.0
_EVERY_BOX = "Reconnect the mailbox and leave every box ticked at Google."


def examine_google() -> Iterator[Finding]:
    """Look at the client, at Google's answer to it, at the clock, at one mailbox, and at what stops the others."""
    if not (settings.GOOGLE_CLIENT_ID and settings.GOOGLE_CLIENT_SECRET):
        return
    yield _client_form()
    yield _redirect_address()
    yield _client_at_google()
    yield from _clock()
    yield from _one_mailbox()
    yield from _troubles()


def _client_form() -> Finding:
    client_id, secret = settings.GOOGLE_CLIENT_ID, settings.GOOGLE_CLIENT_SECRET
    is_well = secret == secret.strip() and bool(_CLIENT_ID.fullmatch(client_id))
    return Finding(
        "Client's form",
        client_id,
        is_well,
        "LETTERBOOK_GOOGLE_CLIENT_ID is the long number that ends in .apps.googleusercontent.com, without blanks; "
        f"copy it and its secret again from {_CONSOLE}/apis/credentials",
    )


def _redirect_address() -> Finding:
    host = urlsplit(redirect_uri()).hostname or ""
    is_bare_number = False
    with suppress(ValueError):
        is_bare_number = not ipaddress.ip_address(host).is_loopback
    return Finding(
        "Redirect address",
        redirect_uri(),
        not is_bare_number,
        "Google accepts no bare IP address but this machine's own: give the server a name and set LETTERBOOK_BASE_URL.",
    )


def _client_at_google() -> Finding:
    """Offer a code that was never given: what Google objects to first tells what is wrong before that."""
    try:
        google_client().exchange_code("none", verifier="v" * 43, redirect_uri=redirect_uri())
    except AccessRevoked:
        return Finding("Client at Google", "known, with this redirect address")
    except ProviderError as error:
        return Finding("Client at Google", error.message, False, _fix_of_client(error))
    return Finding("Client at Google", "known")


def _fix_of_client(error: ProviderError) -> str:
    if isinstance(error, TryLater):
        return "Let this server reach oauth2.googleapis.com and gmail.googleapis.com over HTTPS."
    return next(
        (fix for word, fix in _CLIENT_FIXES.items() if word in f"{error.message} {error.evidence}"),
        f"Look at the client at {_CONSOLE}/apis/credentials",
    )


def _clock() -> Iterator[Finding]:
    """Tokens and due times go by the clock; Google's own is in each of its answers."""
    try:
        with httpx.Client(transport=google_transport(), timeout=_SECONDS) as web:
            asked_at = now()
            told = web.get(google_endpoints().token_url).headers.get("date", "")
    except httpx.HTTPError:
        return
    if not told:
        return
    off = clock_off(told, asked_at=asked_at, answered_at=now())
    yield Finding(
        "Clock against Google's",
        in_words(off) if is_wrong(off) else "right",
        not is_wrong(off),
        "Set this server's clock by NTP: with a wrong one, email leaves before or after its time.",
    )


def _one_mailbox() -> Iterator[Finding]:
    """The API, the scopes and the organisation's rules show in the answer to the cheapest question there is."""
    connected = Mailbox.objects.filter(kind=Kind.GMAIL, state=MailboxState.CONNECTED)
    for mailbox in connected.order_by("-retrieved_at", "pk")[:1]:
        try:
            with closing(open_mailbox(mailbox)) as provider:
                provider.read_profile()
        except ProviderError as error:
            yield Finding(f"Gmail of {mailbox}", error.message, False, _fix_of_gmail(error))
        else:
            yield Finding(f"Gmail of {mailbox}", "answers")


def _fix_of_gmail(error: ProviderError) -> str:
    if isinstance(error, PermissionMissing):
        return _EVERY_BOX
    if isinstance(error, AccessRevoked):
        return "Its owner reconnects it on the page Mailboxes; nothing is lost."
    if isinstance(error, SetupWrong) and "API is not enabled" in error.message:
        return f"Enable the Gmail API: {_CONSOLE}/apis/library/gmail.googleapis.com{_project()}"
    if isinstance(error, SetupWrong) and "administrator" in error.message:
        return (
            "The organisation's Google administrator trusts the client: admin.google.com, Security, API controls, "
            f"App access control, add {settings.GOOGLE_CLIENT_ID}"
        )
    return "Nothing, if it passes: Letterbook asks again by itself."


def _project() -> str:
    found = _CLIENT_ID.fullmatch(settings.GOOGLE_CLIENT_ID)
    return f"?project={found[1]}" if found and found[1] else ""


def _troubles() -> Iterator[Finding]:
    stopped = Mailbox.objects.filter(kind=Kind.GMAIL).exclude(trouble="")
    for trouble, number in stopped.values_list("trouble").annotate(Count("pk")).order_by("trouble"):
        yield Finding(
            Trouble(trouble).label,
            f"{number} mailbox{'es' if number > 1 else ''}",
            False,
            _TROUBLE_FIXES[Trouble(trouble)],
        )


_CLIENT_FIXES: Mapping[str, str] = {
    "invalid_client": f"Id and secret do not belong together: copy both again from {_CONSOLE}/apis/credentials",
    "deleted_client": f"The client was deleted: create another and reconnect all: {_CONSOLE}/apis/credentials",
    "disabled_client": f"Enable the client again at {_CONSOLE}/apis/credentials",
    "unauthorized_client": "The client must be of the type “Web application”: create one of that type.",
    "redirect_uri_mismatch": "Add the redirect address above, letter by letter, to the client's redirect URIs.",
    "org_internal": "The consent screen is Internal: only accounts of that organisation can connect. Choose External.",
    "admin_policy_enforced": "The organisation's Google administrator has to allow this client.",
    "invalid_scope": "Add the scope gmail.modify to the consent screen.",
}
_TROUBLE_FIXES: Mapping[Trouble, str] = {
    Trouble.REVOKED: "Their owners reconnect them on the page Mailboxes; nothing is lost.",
    Trouble.SEVEN_DAYS: f"Publish the consent screen, In production: {_CONSOLE}/auth/audience; then reconnect, once.",
    Trouble.SCOPE: _EVERY_BOX,
    Trouble.SETUP: "See the Gmail lines above; the mailboxes go on by themselves afterwards.",
}
