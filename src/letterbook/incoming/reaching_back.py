"""Reaching back: when somebody becomes a contact, or a policy is widened, the old mail that was left out comes too.

What was left out left no content, so only the provider can tell which messages a person is on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from letterbook.contacts.models import ContactAddress
from letterbook.correspondence.models import LedgerState, MailboxMessage
from letterbook.incoming.noting import note_wanted
from letterbook.incoming.policy import REASONS_FOR_WANT_OF_A_CONTACT
from letterbook.mailboxes.models import Mailbox, StoringPolicy
from letterbook.providers.mail import MailProvider
from letterbook.providers.pages import all_pages

ADDRESSES_A_QUESTION = 20
# Up to here a mailbox is fetched whole, which takes seven minutes: our own reading finds more than Gmail's search.
FETCHED_WHOLE = 2_000
# Fetching a message costs four times as much as asking a question, and what is found is fetched besides.
_MESSAGES_A_QUESTION = 2
# An address bears the time it was asked for, and is seen here only once that was committed.
SLOWEST_COMMIT = timedelta(minutes=10)
# The bare address too: Gmail has no word for Reply-To, where the person behind a form or a ticket stands alone.
_FIELDS = ("from:", "to:", "cc:", "bcc:", "")
_WRITTEN_BY_US = "in:sent"
# What became of what we sent is told by machines, on whose reports no contact need be.
_REPORTS = "{from:mailer-daemon from:postmaster}"


def reach_back(mailbox: Mailbox, *, provider: MailProvider, at: datetime) -> None:
    """Let the old mail of those who became contacts since it was last asked for wait to be fetched.

    Asked about as long as the answer is not complete: a provider that says no in between is asked again.
    """
    addresses = _became_contacts(mailbox)
    is_wider = _is_wider(mailbox)
    if mailbox.policy != StoringPolicy.EVERYONE:
        ask_for(mailbox, addresses, provider=provider, at=at)
    if is_wider:
        _widen(mailbox, provider, at=at)
    if addresses or mailbox.policy_asked != mailbox.policy:
        remember_asked(mailbox, at=at)


def ask_for(
    mailbox: Mailbox, addresses: Sequence[str], *, provider: MailProvider, at: datetime
) -> None:
    """Let all mail with these addresses on it wait to be fetched, as far as it is not stored."""
    for question in _questions(addresses):
        _ask(mailbox, question, provider, at=at)


def ask_for_contacts(mailbox: Mailbox, *, provider: MailProvider, at: datetime) -> None:
    """Let all mail with contacts wait to be fetched, delivery reports, and what we wrote where that makes contacts."""
    ask_for(mailbox, contact_addresses(mailbox), provider=provider, at=at)
    _ask(mailbox, _REPORTS, provider, at=at)
    if mailbox.policy == StoringPolicy.WRITTEN_TO:
        _ask(mailbox, _WRITTEN_BY_US, provider, at=at)


def is_worth_asking(mailbox: Mailbox, *, message_count: int) -> bool:
    """Whether asking for the mail with contacts is cheaper than fetching all there is."""
    if mailbox.policy == StoringPolicy.EVERYONE or message_count <= FETCHED_WHOLE:
        return False
    questions = len(contact_addresses(mailbox)) / ADDRESSES_A_QUESTION
    return questions * _MESSAGES_A_QUESTION < message_count


def contact_addresses(mailbox: Mailbox) -> list[str]:
    """Return the addresses of all contacts of the mailbox's team."""
    addresses = ContactAddress.objects.filter(team_id=mailbox.team_id).order_by("pk")
    return list(addresses.values_list("address", flat=True))


def remember_asked(mailbox: Mailbox, *, at: datetime) -> None:
    """Write down that the mail of everyone who is a contact at this time was asked for, under the present policy."""
    mailbox.contacts_asked_at, mailbox.policy_asked = at, mailbox.policy
    Mailbox.objects.filter(pk=mailbox.pk).update(contacts_asked_at=at, policy_asked=mailbox.policy)


def _became_contacts(mailbox: Mailbox) -> list[str]:
    if mailbox.contacts_asked_at is None:
        return []
    since = mailbox.contacts_asked_at - SLOWEST_COMMIT
    addresses = ContactAddress.objects.filter(team_id=mailbox.team_id, created_at__gte=since)
    return list(addresses.order_by("pk").values_list("address", flat=True))


def _is_wider(mailbox: Mailbox) -> bool:
    asked = mailbox.policy_asked
    return bool(asked) and StoringPolicy(mailbox.policy).is_wider_than(StoringPolicy(asked))


def _widen(mailbox: Mailbox, provider: MailProvider, *, at: datetime) -> None:
    if mailbox.policy == StoringPolicy.WRITTEN_TO:
        _ask(mailbox, _WRITTEN_BY_US, provider, at=at)
        return
    # Their ids are in the ledger: nobody has to be asked.
    MailboxMessage.objects.at_provider().filter(
        mailbox=mailbox,
        state=LedgerState.SKIPPED,
        reason__in=REASONS_FOR_WANT_OF_A_CONTACT,
        is_removed_at_source=False,
    ).update(state=LedgerState.WAITING, reason="", decided_at=None)


def _questions(addresses: Sequence[str]) -> Iterator[str]:
    """Gmail searches for any of what is in braces."""
    for start in range(0, len(addresses), ADDRESSES_A_QUESTION):
        some = addresses[start : start + ADDRESSES_A_QUESTION]
        terms = (f"{field}{_term(address)}" for address in some for field in _FIELDS)
        yield "{" + " ".join(terms) + "}"


def _term(address: str) -> str:
    if any(sign in address for sign in ' "(){}'):
        return '"' + address.replace('"', "") + '"'
    return address


def _ask(mailbox: Mailbox, question: str, provider: MailProvider, *, at: datetime) -> None:
    for answer in all_pages(lambda page: provider.list_messages(query=question, page=page)):
        note_wanted(mailbox, answer.refs, at=at)
