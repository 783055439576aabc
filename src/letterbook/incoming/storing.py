"""Deciding what becomes of fetched messages, and writing it: stored, skipped with a reason, or quarantined.

A batch is decided in one transaction. One bad message never holds up the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import structlog
from django.db import DatabaseError, DataError, transaction
from django.db.models import F

from letterbook.contacts.matching import match_contacts
from letterbook.contacts.tombstones import erased_among
from letterbook.correspondence.ledger import Fate, write_fates, write_gone
from letterbook.correspondence.models import LedgerState, SkipReason
from letterbook.correspondence.packing import Email
from letterbook.correspondence.storing import SENT, Copy
from letterbook.correspondence.threading import lock_correspondence
from letterbook.incoming.apart import read_safely
from letterbook.incoming.labels import reason_to_skip
from letterbook.incoming.leaving_out import LeftOut, read_rules
from letterbook.incoming.models import RetrievalRun
from letterbook.incoming.policy import reason_without_contact
from letterbook.incoming.quarantine import keep_sources
from letterbook.incoming.telling import is_report, record_news
from letterbook.mailboxes.models import Mailbox
from letterbook.mailboxes.own_addresses import own_addresses
from letterbook.mime.reports import Report
from letterbook.providers.mail import ProviderMessage
from letterbook.timeline.correspondents import contacts_on
from letterbook.timeline.recording import record_copies

_log = structlog.get_logger(__name__)
# What PostgreSQL refuses because of the rows themselves: bad values, broken rules, limits of a row or an index.
_ABOUT_THE_ROWS = ("22", "23", "54")


@dataclass(frozen=True, slots=True)
class Reading:
    """A fetched message and what was made of it: parsed, not to be stored, or unreadable.

    A file tells no labels, and whoever imports it says themselves whether everyone in it becomes a contact.
    """

    message: ProviderMessage
    content: Email | None = None
    skip: SkipReason | None = None
    error: str = ""
    is_from_file: bool = False

    @property
    def makes_contacts(self) -> bool:
        """Whether people on it may become contacts at all: neither a list nor a machine introduces anybody."""
        if self.content is None or isinstance(self.content.news, Report):
            return False
        is_ours = SENT in self.message.labels
        return self.is_from_file or is_ours or not self.content.packed.is_bulk


@dataclass(frozen=True, slots=True)
class Decided:
    """How many messages met which fate; `repeated` ones were in the team's correspondence already.

    Those that are `waiting` could not be decided: their source has to be fetched first.
    """

    stored: int = 0
    repeated: int = 0
    skipped: int = 0
    quarantined: int = 0
    gone: int = 0
    waiting: int = 0

    def __add__(self, other: Decided) -> Decided:
        return Decided(
            self.stored + other.stored,
            self.repeated + other.repeated,
            self.skipped + other.skipped,
            self.quarantined + other.quarantined,
            self.gone + other.gone,
            self.waiting + other.waiting,
        )


def decide_and_store(
    mailbox: Mailbox,
    fetched: Sequence[ProviderMessage],
    *,
    gone: Sequence[str] = (),
    run: RetrievalRun | None = None,
    at: datetime,
) -> Decided:
    """Decide about each fetched message by the mailbox's policy and write all outcomes at once.

    `gone` are the ids of messages that were deleted meanwhile; `run` counts what was decided.
    """
    readings = [read(message) for message in fetched]
    return store_readings(mailbox, readings, gone=gone, run=run, at=at)


def read(message: ProviderMessage) -> Reading:
    """Return what can be made of one message; whatever is wrong with it stays its own."""
    if reason := reason_to_skip(message.labels):
        return Reading(message, skip=reason)
    content = read_safely(message.raw)
    if isinstance(content, str):
        return Reading(message, error=content)
    return Reading(message, content)


def store_readings(
    mailbox: Mailbox,
    readings: Sequence[Reading],
    *,
    gone: Sequence[str] = (),
    run: RetrievalRun | None = None,
    at: datetime,
) -> Decided:
    """Write the outcome of each; where the database refuses a batch, find the one message it is about."""
    try:
        return _decide(mailbox, readings, gone=gone, run=run, at=at)
    except (DatabaseError, UnicodeError) as error:
        if not readings or not _is_about_the_rows(error):
            raise
        refused = error
    half = len(readings) // 2
    if half:
        first = store_readings(mailbox, readings[:half], gone=gone, run=run, at=at)
        return first + store_readings(mailbox, readings[half:], run=run, at=at)
    return _store_alone(mailbox, readings[0], refused, gone=gone, run=run, at=at)


def _store_alone(
    mailbox: Mailbox,
    reading: Reading,
    refused: Exception,
    *,
    gone: Sequence[str],
    run: RetrievalRun | None,
    at: datetime,
) -> Decided:
    # Once more as it is: a contact deleted at the wrong moment also breaks a rule, and the next look is right.
    try:
        return _decide(mailbox, [reading], gone=gone, run=run, at=at)
    except (DatabaseError, UnicodeError):
        _log.exception("a message could not be stored", provider_id=reading.message.id)
    error = f"It could not be stored: {str(refused).splitlines()[0]}"
    bad = replace(reading, content=None, skip=None, error=error)
    return _decide(mailbox, [bad], gone=gone, run=run, at=at)


def _is_about_the_rows(error: Exception) -> bool:
    state = getattr(error.__cause__, "sqlstate", None) or ""
    return isinstance(error, (DataError, UnicodeError)) or state.startswith(_ABOUT_THE_ROWS)


@transaction.atomic
def _decide(
    mailbox: Mailbox,
    readings: Sequence[Reading],
    *,
    gone: Sequence[str],
    run: RetrievalRun | None,
    at: datetime,
) -> Decided:
    lock_correspondence(mailbox.team_id)
    own = own_addresses(mailbox.team_id)
    left_out = _left_out(mailbox, readings, own=own)
    copies = [
        _copy(each.message, each.content)
        for each in readings
        if each.content and each.message.id not in left_out
    ]
    reports = {copy.provider_id for copy in copies if is_report(copy)}
    erased = _with_erased(mailbox, copies, own=own)
    silent = {each.message.id for each in readings if not each.makes_contacts} | erased
    contacts = _contacts(mailbox, copies, silent, own=own, at=at)
    # Without a contact on it nothing of an email is kept, only that it was seen.
    wanted = [copy for copy in copies if not contacts.keys().isdisjoint(copy.packed.address_keys)]
    recorded = record_copies(mailbox, wanted, contacts=contacts, own=own, at=at)
    told = record_news(mailbox, copies, recorded, own=own, at=at)
    kept = {copy.provider_id for copy in wanted} | reports
    others = [
        _fate(mailbox, each, left_out.get(each.message.id), has_erased=each.message.id in erased)
        for each in readings
        if each.message.id not in kept
    ]
    write_fates(mailbox, others, at=at)
    keep_sources(mailbox, [each.message for each in readings if each.error], at=at)
    write_gone(mailbox, gone, at=at)
    quarantined = sum(fate.state == LedgerState.QUARANTINED for fate in others)
    decided = Decided(
        recorded.stored + told.stored,
        recorded.repeated + told.repeated,
        len(others) - quarantined + told.skipped,
        quarantined,
        len(gone),
    )
    _count(run, decided)
    return decided


def _left_out(
    mailbox: Mailbox, readings: Sequence[Reading], *, own: Mapping[str, UUID]
) -> dict[str, LeftOut]:
    """What the rules leave out, by provider id. A report about our own mail concerns that, not who wrote it."""
    rules = read_rules(mailbox)
    found: dict[str, LeftOut] = {}
    for each in readings:
        if each.content is None or isinstance(each.content.news, Report):
            continue
        reason = None if each.is_from_file else rules.labels.reason(each.message.labels)
        why = LeftOut(reason) if reason else rules.left_out(each.content.packed, own=own.keys())
        if why:
            found[each.message.id] = why
    return found


def _contacts(
    mailbox: Mailbox,
    copies: Sequence[Copy],
    silent: AbstractSet[str],
    *,
    own: Mapping[str, UUID],
    at: datetime,
) -> dict[str, UUID]:
    """The contacts on these emails; on the silent ones nobody becomes one, whatever the policy."""
    ordinary = [copy for copy in copies if copy.provider_id not in silent]
    contacts = contacts_on(mailbox, ordinary, own=own, at=at)
    others = [copy for copy in copies if copy.provider_id in silent]
    keys = {key for copy in others for key in copy.packed.address_keys} - own.keys()
    return contacts | (match_contacts(mailbox.team_id, keys) if keys else {})


def _copy(message: ProviderMessage, content: Email) -> Copy:
    return Copy(
        provider_id=message.id,
        provider_thread_id=message.thread_id,
        labels=message.labels,
        received_at=message.received_at,
        email=content,
    )


def _with_erased(mailbox: Mailbox, copies: Sequence[Copy], *, own: Mapping[str, UUID]) -> set[str]:
    """Those with somebody on them who was erased: they are stored for other contacts only, and make nobody one."""
    keys = {key for copy in copies for key in copy.packed.address_keys} - own.keys()
    erased = erased_among(mailbox.team_id, keys)
    return {copy.provider_id for copy in copies if not erased.isdisjoint(copy.packed.address_keys)}


def _fate(
    mailbox: Mailbox, reading: Reading, left_out: LeftOut | None, *, has_erased: bool
) -> Fate:
    if reading.error:
        _log.warning("message quarantined", provider_id=reading.message.id, error=reading.error)
    return Fate(
        provider_id=reading.message.id,
        provider_thread_id=reading.message.thread_id,
        state=LedgerState.QUARANTINED if reading.error else LedgerState.SKIPPED,
        labels=reading.message.labels,
        provider_at=reading.message.received_at,
        reason=_reason(mailbox, reading, left_out, has_erased=has_erased),
        error=reading.error,
        rule_id=left_out.rule_id if left_out else None,
    )


def _reason(
    mailbox: Mailbox, reading: Reading, left_out: LeftOut | None, *, has_erased: bool
) -> str:
    if reading.error:
        return ""
    if left_out or reading.skip:
        return left_out.reason if left_out else str(reading.skip)
    if has_erased:
        return SkipReason.ERASED
    is_bulk = reading.content is not None and reading.content.packed.is_bulk
    return reason_without_contact(mailbox, is_bulk=is_bulk)


def _count(run: RetrievalRun | None, decided: Decided) -> None:
    if run is not None:
        RetrievalRun.objects.filter(pk=run.pk).update(
            stored=F("stored") + decided.stored,
            repeated=F("repeated") + decided.repeated,
            skipped=F("skipped") + decided.skipped,
            quarantined=F("quarantined") + decided.quarantined,
            gone=F("gone") + decided.gone,
        )
