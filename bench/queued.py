"""Ten thousand queued emails: whether pages and API are as quick as with none."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import connection, models
from django.test import Client
from django.utils.timezone import now

from bench.figures import Findings, latencies
from bench.team import a_team, contacts_with
from letterbook.mailboxes.models import Mailbox, Sharing
from letterbook.outgoing.drafts import DraftText, create_draft
from letterbook.outgoing.models import Actor, FrozenEmail, OutgoingEmail, Recipient, StatusChange
from letterbook.outgoing.queueing import queue_email
from letterbook.teams.models import Membership
from letterbook.teams.tokens import create_token

QUEUED = 10_000
FEW = 100
MAILBOXES = 20
TIMES = 15
_PEOPLE = [f"person{number}@elsewhere.example" for number in range(500)]
_PAGES = {
    "Outbox": "/outbox",
    "Outbox, queued": "/outbox?show=queued",
    "Composer": "/write",
    "API, queued": "/api/v1/outgoing-emails?status=queued",
}


def measure() -> Findings:
    """Ask for the same pages with nothing queued and with a long queue."""
    findings = Findings("A long queue")
    member = a_team()
    contacts_with(member, _PEOPLE)
    mailboxes = [_mailbox(member, number) for number in range(MAILBOXES)]
    client, token = Client(SERVER_NAME="127.0.0.1"), create_token(member, name="bench", at=now())
    client.force_login(member.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    asks = {name: _ask(client, token, path) for name, path in _PAGES.items()}
    none = _medians(asks)
    undo_seconds, settings.UNDO_SECONDS = settings.UNDO_SECONDS, 3600
    for number in range(FEW):
        _queue(member, mailboxes[number % MAILBOXES], number)
    # What waits by the thousand waits for its turn or its time, not to be taken back.
    settings.UNDO_SECONDS = undo_seconds
    few = _medians(asks)
    _multiply()
    for name, many in _medians(asks).items():
        findings.add(
            f"{name}, {QUEUED:,} queued",
            f"{many:.0f} ms: {many / few[name]:.1f} times what it takes with {FEW} (with none {none[name]:.0f} ms)",
        )
    findings.remarks.append(
        f"{QUEUED:,} emails queued over {MAILBOXES} mailboxes: {FEW} of them the real way, the others copied by SQL."
        f" Medians of {TIMES} requests through Django's test client, templates included. With {FEW} a page is as"
        " full as with more."
    )
    return findings


def _medians(asks: dict[str, Callable[[int], object]]) -> dict[str, float]:
    return {name: statistics.median(latencies(ask, times=TIMES)) for name, ask in asks.items()}


def _ask(client: Client, token: str, path: str) -> Callable[[int], object]:
    def ask(_: int) -> None:
        answer = client.get(path, headers={"Authorization": f"Bearer {token}"})
        if answer.status_code != 200:
            raise RuntimeError(f"{answer.status_code} for {path}")

    return ask


def _mailbox(member: Membership, number: int) -> Mailbox:
    address = f"box{number}@bench.example"
    return Mailbox.objects.create(
        team=member.team,
        owner=member.user,
        address=address,
        address_key=address,
        sharing=Sharing.FULL,
    )


def _queue(member: Membership, mailbox: Mailbox, number: int) -> None:
    text = DraftText(
        to=_PEOPLE[number % len(_PEOPLE)],
        subject=f"Offer {number}",
        html="<p>Here is what you asked for.</p>" * 20,
    )
    email = create_draft(member, mailbox=mailbox, text=text, at=now())
    queue_email(email, by=Actor.person(member), member=member, at=now())


def _multiply() -> None:
    """Make a hundred of each queued email. Triggers are off meanwhile: the copies keep the original's history."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            "CREATE TEMP TABLE copied AS SELECT id AS original, gen_random_uuid() AS copy, n"
            " FROM outgoing_outgoingemail CROSS JOIN generate_series(1, 99) n WHERE status = 'queued'"
        )
        own = {"id": "copied.copy", "due_at": "original.due_at + n * interval '1 minute'"}
        _copy(cursor, OutgoingEmail, "id", own)
        for model, key in (
            (Recipient, {}),
            (StatusChange, {}),
            (FrozenEmail, {"send_key": "gen_random_uuid()"}),
        ):
            table = model._meta.db_table
            number = {
                "id": f"nextval(pg_get_serial_sequence('{table}', 'id'))",
                "email_id": "copied.copy",
            }
            _copy(cursor, model, "email_id", number | key)
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("VACUUM ANALYZE")


# Any: a cursor of Django's, which has no public type.
def _copy(cursor: Any, model: type[models.Model], tie: str, own: dict[str, str]) -> None:
    columns = [
        str(field.column) for field in model._meta.local_concrete_fields if not field.generated
    ]
    values = [own.get(column, f"original.{column}") for column in columns]
    table = model._meta.db_table
    cursor.execute(
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)}"
        f" FROM {table} original JOIN copied ON copied.original = original.{tie}"
    )
