"""Mail that tells what became of sent mail: reports are stored as its evidence, whoever wrote them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from letterbook.correspondence.late_placing import remember_unplaced
from letterbook.correspondence.ledger import Fate, mark_evidence, write_fates
from letterbook.correspondence.models import LedgerState, SkipReason
from letterbook.correspondence.placing import arrival_of, find_facts, write_facts
from letterbook.correspondence.storing import Copy
from letterbook.mailboxes.models import Mailbox
from letterbook.mime.reports import Report
from letterbook.timeline.recording import Recorded, record_copies


@dataclass(frozen=True, slots=True)
class Told:
    """Reports that were stored as evidence, and how many were skipped."""

    stored: int = 0
    repeated: int = 0
    skipped: int = 0


def is_report(copy: Copy) -> bool:
    """Whether a mail server wrote this to tell of another email; nobody has it as a contact."""
    return isinstance(copy.email.news, Report)


def record_news(
    mailbox: Mailbox,
    copies: Sequence[Copy],
    recorded: Recorded,
    *,
    own: Mapping[str, UUID],
    at: datetime,
) -> Told:
    """Keep what these emails tell of sent ones, after what concerns contacts was recorded.

    A report that is about an email of this mailbox is stored; one about any other is skipped, and known again when
    that email is stored.
    """
    arrivals = {one.provider_id: one for copy in copies if (one := arrival_of(mailbox, copy))}
    facts = find_facts(mailbox, list(arrivals.values()), own=own)
    left = [one for one in copies if is_report(one) and one.provider_id not in recorded.messages]
    evidence = [copy for copy in left if copy.provider_id in facts]
    stored = record_copies(mailbox, evidence, contacts={}, own=own, at=at)
    mark_evidence(mailbox, [copy.provider_id for copy in evidence])
    messages = {**recorded.messages, **stored.messages}
    told = [fact for each, some in facts.items() if each in messages for fact in some]
    write_facts(mailbox, told, {each: message.id for each, message in messages.items()})
    unplaced = [copy for copy in left if copy.provider_id not in facts]
    _skip(mailbox, unplaced, at=at)
    remember_unplaced(mailbox, [arrivals[copy.provider_id] for copy in unplaced])
    return Told(stored.stored, stored.repeated, len(unplaced))


def _skip(mailbox: Mailbox, unplaced: Sequence[Copy], *, at: datetime) -> None:
    fates = [
        Fate(
            provider_id=copy.provider_id,
            provider_thread_id=copy.provider_thread_id,
            state=LedgerState.SKIPPED,
            labels=copy.labels,
            provider_at=copy.received_at,
            reason=SkipReason.UNPLACED_REPORT,
        )
        for copy in unplaced
    ]
    write_fates(mailbox, fates, at=at)
