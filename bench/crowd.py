"""A large history made quickly: a few hundred letters go the real way, and SQL makes any number of emails of them.

Each copy has its own contact, time, thread, mailbox and a few words of its own, most of them rare.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection, models
from django.utils.timezone import now

from bench.letters import FIRST_DAY, a_letter
from bench.team import contacts_with
from letterbook.contacts.models import ContactAddress
from letterbook.correspondence.models import MailboxMessage, Message
from letterbook.incoming.storing import decide_and_store
from letterbook.mailboxes.models import Mailbox, Sharing
from letterbook.providers.mail import ProviderMessage
from letterbook.teams.models import Membership, User
from letterbook.timeline.models import Activity

ORIGINALS = 300
# The viewer's own mailbox, and those of four team-mates.
_SHARING = [Sharing.FULL, Sharing.FULL, Sharing.FULL, Sharing.SUBJECT, Sharing.PRIVATE]


@dataclass(frozen=True, slots=True)
class Size:
    """How many emails a history has; so many are the busiest contact's and the busy one's, the rest is spread evenly.

    `words` is the length of each.
    """

    messages: int = 200_000
    contacts: int = 2_000
    busiest: int = 20_000
    busy: int = 2_000
    words: int = 120


USUAL = Size()


@dataclass(frozen=True, slots=True)
class Crowd:
    """A viewer and the contacts, the busiest first, then a busy one, then all the others."""

    viewer: Membership
    contacts: list[str]


def make_crowd(
    viewer: Membership, size: Size = USUAL, *, contacts: list[str] | None = None
) -> Crowd:
    """Give this team a large history and return it; `contacts` are its contacts, where there are some already."""
    addresses = [f"person{number}@elsewhere.example" for number in range(size.contacts)]
    contacts = contacts or contacts_with(viewer, addresses)
    mailboxes = [_mailbox(viewer, number, level) for number, level in enumerate(_SHARING)]
    _store_originals(mailboxes[0], size)
    with connection.cursor() as cursor, _without_indexes():
        ordinary = size.contacts - 2
        cursor.execute(
            _LINES,
            [
                viewer.team_id,
                *(size.busiest, size.busiest + size.busy, ordinary, size.messages, size.messages),
            ],
        )
        cursor.execute(
            "INSERT INTO correspondence_thread (id, team_id, created_at)"
            " SELECT DISTINCT thread_id, %s::uuid, now() FROM bench_line",
            [viewer.team_id],
        )
        for model, original, own in _COPIES:
            cursor.execute(_copy(model, original, own))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return Crowd(viewer, contacts)


@contextmanager
def _without_indexes() -> Iterator[None]:
    """Make what is not there to guard anything afterwards: one sorted build instead of a million insertions."""
    tables = [model._meta.db_table for model, _, _ in _COPIES]
    with connection.cursor() as cursor:
        cursor.execute(_INDEXES, [tables])
        found = cursor.fetchall()
        for name, _ in found:
            cursor.execute(f'DROP INDEX "{name}"')
        # Neither foreign keys nor the ledger's counts are asked about rows that are copies of sound ones.
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("SET maintenance_work_mem = '512MB'; SET work_mem = '256MB'")
        yield
        for _, definition in found:
            cursor.execute(definition)
        for setting in ("session_replication_role", "maintenance_work_mem", "work_mem"):
            cursor.execute(f"RESET {setting}")


_INDEXES = """
    SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
    WHERE indrelid = ANY (%s::regclass[]) AND NOT indisunique
"""


def _mailbox(viewer: Membership, number: int, level: Sharing) -> Mailbox:
    owner = viewer.user if number == 0 else User.objects.create_user(f"mate{number}@bench.example")
    address = f"box{number}@bench.example"
    return Mailbox.objects.create(
        team=viewer.team, owner=owner, address=address, address_key=address, sharing=level
    )


def _store_originals(mailbox: Mailbox, size: Size) -> None:
    addresses = list(
        ContactAddress.objects.order_by("contact_id").values_list("address", flat=True)[
            : ORIGINALS + 1
        ]
    )
    letters = [
        ProviderMessage(
            id=f"{number:016x}",
            thread_id=f"{number:016x}",
            labels=frozenset({"INBOX"}),
            received_at=FIRST_DAY,
            raw=a_letter(number, sender=addresses[number], to=mailbox.address, words=size.words),
        )
        for number in range(1, ORIGINALS + 1)
    ]
    if decide_and_store(mailbox, letters, at=now()).stored != ORIGINALS:
        raise RuntimeError("not all originals were stored")


_LINES = """
    CREATE TEMP TABLE bench_line AS
    WITH
    setting AS (SELECT setseed(0.5)),
    original AS (
        SELECT row_number() OVER (ORDER BY provider_id) - 1 AS number, id AS ledger_id, message_id
        FROM correspondence_mailboxmessage),
    person AS (
        SELECT row_number() OVER (ORDER BY contact_id) - 1 AS number, contact_id, address
        FROM contacts_contactaddress),
    box AS (
        SELECT row_number() OVER (ORDER BY address) - 1 AS number, id, owner_id, address
        FROM mailboxes_mailbox WHERE team_id = %s),
    spread AS (
        SELECT n, CASE WHEN n < %s THEN 0 WHEN n < %s THEN 1 ELSE 2 + n / 4 %% %s END AS person
        FROM setting, generate_series(0, %s - 1) n),
    thread AS (SELECT n AS number, uuidv7() AS id FROM generate_series(0, %s / 4) n)
    SELECT n, uuidv7() AS id, thread.id AS thread_id, person.contact_id, person.address,
        box.id AS mailbox_id, box.owner_id, box.address AS own_address, n %% 3 = 0 AS is_out,
        '2023-01-01'::timestamptz + n::bigint * 7919 %% 200000 * interval '10 minutes' AS occurred_at,
        original.ledger_id, original.message_id AS original_id, activity.id AS activity_id,
        -- The rank of each word is spread evenly over its logarithm: the tenth word is ten times as rare as the first.
        (SELECT string_agg('r' || floor(50000 ^ random())::int, ' ')
            FROM generate_series(1, 6) WHERE n >= 0) AS own_words
    FROM spread
    JOIN person ON person.number = spread.person
    JOIN original ON original.number = n %% 300
    JOIN timeline_activity activity ON activity.message_id = original.message_id
    JOIN box ON box.number = n / 7 %% 5
    JOIN thread ON thread.number = n / 4
"""


def _person(role: str, name: str, address: str) -> str:
    return f"jsonb_build_object('role', '{role}', 'name', '{name}', 'address', line.{address})"


_US, _THEM = ("Olive Owner", "own_address"), ("", "address")
_OUT = f"jsonb_build_array({_person('from', *_US)}, {_person('to', *_THEM)})"
_IN = f"jsonb_build_array({_person('from', *_THEM)}, {_person('to', *_US)})"
_MESSAGE = {
    "id": "line.id",
    "thread_id": "line.thread_id",
    "identity": "decode(md5(line.n::text), 'hex')",
    "message_id": "'<' || line.n || '@crowd.example>'",
    "direction": "CASE WHEN line.is_out THEN 'out' ELSE 'in' END",
    "sent_by_id": "CASE WHEN line.is_out THEN line.owner_id END",
    "occurred_at": "line.occurred_at",
    "from_address": "CASE WHEN line.is_out THEN line.own_address ELSE line.address END",
    "participants": f"CASE WHEN line.is_out THEN {_OUT} ELSE {_IN} END",
    "address_keys": "ARRAY[line.address, line.own_address]",
    "text": "original.text || E'\\n' || line.own_words",
    "search": "original.search || setweight(to_tsvector('simple', line.own_words), 'D')",
}
_LEDGER = {
    "id": "nextval(pg_get_serial_sequence('correspondence_mailboxmessage', 'id'))",
    "mailbox_id": "line.mailbox_id",
    "provider_id": "lpad(to_hex(line.n + 1000000), 16, '0')",
    "message_id": "line.id",
    "provider_at": "line.occurred_at",
}
_ACTIVITY = {
    "id": "uuidv7()",
    "contact_id": "line.contact_id",
    "message_id": "line.id",
    "user_id": "line.owner_id",
    "direction": _MESSAGE["direction"],
    "occurred_at": "line.occurred_at",
}
_COPIES: list[tuple[type[models.Model], str, Mapping[str, str]]] = [
    (Message, "original_id", _MESSAGE),
    (MailboxMessage, "ledger_id", _LEDGER),
    (Activity, "activity_id", _ACTIVITY),
]


def _copy(model: type[models.Model], original: str, own: Mapping[str, str]) -> str:
    """Return the statement that makes a row of each line: its own columns, the rest as in the original."""
    columns = [str(field.column) for field in model._meta.local_concrete_fields]
    values = [own.get(column, f"original.{column}") for column in columns]
    table = model._meta.db_table
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)}"
        f" FROM bench_line line JOIN {table} original ON original.id = line.{original}"
    )
