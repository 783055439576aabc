"""Why an email is here, or is not: what the ledger says of it, whose rule that was, and what to do.

Of an email that was left out nothing is kept, so by address or subject only Gmail can find it; it is asked then, for
one's own mailboxes, and what it shows is not kept either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from django.contrib.postgres.search import SearchQuery
from django.db.models import Q

from letterbook.contacts.models import Contact
from letterbook.correspondence.copies import MailboxMessageQuerySet
from letterbook.correspondence.models import MailboxMessage, Message, ThreadKey
from letterbook.correspondence.threading import message_id_key
from letterbook.correspondence.words import fold_words
from letterbook.incoming.models import RetrievalRun, RunKind
from letterbook.incoming.reasons import Reason, reason_for, reason_not_listed
from letterbook.incoming.sought import Sought, read_sought
from letterbook.mailboxes.models import Kind, Mailbox
from letterbook.mailboxes.opening import open_mailbox
from letterbook.mime.addresses import address_key, read_addresses
from letterbook.mime.encoded_words import decode_words
from letterbook.providers.errors import Gone, ProviderError, Rejected
from letterbook.providers.mail import MailProvider, MessageHeaders, MessageRef
from letterbook.teams.models import Membership
from letterbook.teams.second_wall import on_the_teams_behalf
from letterbook.timeline.models import Activity

MOST = 25
# Each costs twenty units: the first few are enough to recognise the one that is meant.
_SHOWN_HEADERS = 8
_SHOWN = ("From", "Subject")
_OF_FILES = (
    "Emails were left out of files that were imported for {mailbox}. Nothing of them is kept, and Gmail need not have "
    "them: how many, and why, is on the mailbox's page under its imports."
)


@dataclass(frozen=True, slots=True)
class Explanation:
    """What became of one message in one mailbox, and why.

    `message_id` is ours, for what is stored. `newcomer` is who wrote it, where it would come if they were a contact.
    """

    mailbox: Mailbox
    provider_id: str
    reason: Reason
    subject: str = ""
    sender: str = ""
    newcomer: str = ""
    at: datetime | None = None
    message_id: UUID | None = None
    contacts: tuple[Contact, ...] = ()


@dataclass(frozen=True, slots=True)
class LookUp:
    """What was found, newest first, and what could not be asked."""

    sought: Sought
    found: list[Explanation] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


def explain(member: Membership, text: str, *, clock: Callable[[], datetime]) -> LookUp:
    """Return what became of the emails that `text` looks for in one's own mailboxes."""
    look_up = LookUp(read_sought(text))
    if not look_up.sought.text:
        return look_up
    mine = Mailbox.objects.visible_to(member).filter(owner_id=member.user_id)
    for mailbox in mine.order_by("address_key"):
        refs, headers, notice = _ask_provider(mailbox, look_up.sought, clock=clock)
        look_up.found.extend(_explained(mailbox, look_up.sought, refs, headers))
        if notice:
            look_up.notices.append(notice)
        if _left_out_of_files(mailbox):
            look_up.notices.append(_OF_FILES.format(mailbox=mailbox))
    look_up.found.sort(key=lambda one: one.at.timestamp() if one.at else 0.0, reverse=True)
    return look_up


def _left_out_of_files(mailbox: Mailbox) -> bool:
    imports = RetrievalRun.objects.filter(mailbox=mailbox, kind=RunKind.IMPORT)
    return imports.filter(skipped__gt=0).exists()


def _explained(
    mailbox: Mailbox,
    sought: Sought,
    refs: Sequence[MessageRef],
    headers: dict[str, MessageHeaders],
) -> Iterator[Explanation]:
    rows = _rows(mailbox, sought, refs)
    contacts = _contacts_of([row.message_id for row in rows if row.message_id])
    for row in rows:
        yield _of_row(mailbox, row, headers.get(row.provider_id), contacts)
    known = set(
        MailboxMessage.objects.filter(
            mailbox=mailbox, provider_id__in=[ref.id for ref in refs]
        ).values_list("provider_id", flat=True)
    )
    for ref in refs:
        if ref.id not in known:
            blank = Explanation(mailbox, ref.id, reason_not_listed(mailbox))
            yield _with_headers(blank, headers.get(ref.id))


def _rows(mailbox: Mailbox, sought: Sought, refs: Sequence[MessageRef]) -> list[MailboxMessage]:
    """Return the ledger's rows: by the ids that are known, and of what is stored by what is sought."""
    ledger = MailboxMessage.objects.filter(mailbox=mailbox)
    ids = [*sought.gmail_ids, *(ref.id for ref in refs)]
    found = set(ledger.filter(provider_id__in=ids).values_list("pk", flat=True))
    if sought.gmail_ids:
        thread = ledger.filter(provider_thread_id__in=sought.gmail_ids)
        found |= set(thread.order_by("-provider_at").values_list("pk", flat=True)[:MOST])
    for stored in _stored(mailbox, sought):
        found |= _newest_of(ledger.filter(stored))
    rows = ledger.filter(pk__in=found).select_related("message", "rule__created_by")
    return list(rows.order_by("-provider_at", "-provider_id")[:MOST])


def _stored(mailbox: Mailbox, sought: Sought) -> Iterator[Q]:
    """The conditions by which a copy of a stored message is the one that is sought; an index answers each."""
    messages = Message.objects.filter(team_id=mailbox.team_id)
    if sought.message_id:
        bare = sought.message_id.strip("<>")
        thread = _thread_of(mailbox.team_id, bare)
        yield Q(message__in=messages.filter(thread=thread, message_id=bare))
    if sought.address:
        key = address_key(sought.address)
        # Whom only another copy names in Bcc is not for the owner of this one.
        told = ~Q(message__bcc_keys__contains=[key]) | Q(bcc__contains=[{"key": key}])
        yield Q(message__in=messages.filter(address_keys__contains=[key])) & told
    if words := fold_words(sought.subject).split():
        asked = " & ".join(f"'{word}':A" for word in words)
        query = SearchQuery(asked, config="simple", search_type="raw")
        yield Q(message__in=messages.filter(search=query))


@on_the_teams_behalf()
def _newest_of(copies: MailboxMessageQuerySet) -> set[int]:
    """Ids of copies in one's own mailbox, by indexes that serve nobody behind the second wall."""
    return set(copies.order_by("-provider_at").values_list("pk", flat=True)[:MOST])


@on_the_teams_behalf()
def _thread_of(team_id: UUID, message_id: str) -> UUID | None:
    """Where a Message-ID leads: only to find one's own copies by index, whose thread one sees anyway."""
    keys = ThreadKey.objects.filter(team_id=team_id, key=UUID(bytes=message_id_key(message_id)))
    return keys.values_list("thread", flat=True).first()


def _ask_provider(
    mailbox: Mailbox, sought: Sought, *, clock: Callable[[], datetime]
) -> tuple[list[MessageRef], dict[str, MessageHeaders], str]:
    """Return what Gmail finds, the headers of the first few, and what there is to say where it could not be asked."""
    if mailbox.kind != Kind.GMAIL:
        return [], {}, ""
    if not mailbox.is_connected:
        return [], {}, f"{mailbox.address} is not connected, so Gmail could not be asked about it."
    refs: list[MessageRef] = []
    headers: dict[str, MessageHeaders] = {}
    try:
        with closing(open_mailbox(mailbox, clock=clock)) as provider:
            refs += _find_at(provider, sought)
            for ref in refs[:_SHOWN_HEADERS]:
                headers[ref.id] = provider.fetch_headers(ref.id, names=_SHOWN)
    except ProviderError as error:
        return refs, headers, f"{mailbox.address}: {error.message} What is recorded here is shown."
    return refs, headers, ""


def _find_at(provider: MailProvider, sought: Sought) -> Iterator[MessageRef]:
    for one in sought.gmail_ids:
        with suppress(Gone, Rejected):
            found = provider.fetch_headers(one, names=())
            yield MessageRef(found.id, found.thread_id)
    if sought.query:
        yield from provider.list_messages(query=sought.query, limit=MOST).refs


def _contacts_of(message_ids: Sequence[UUID]) -> dict[UUID, tuple[Contact, ...]]:
    activities = Activity.objects.filter(message_id__in=message_ids).select_related("contact")
    found: dict[UUID, tuple[Contact, ...]] = {}
    for activity in activities.order_by("contact__name", "contact_id"):
        if activity.message_id is not None:
            found[activity.message_id] = (*found.get(activity.message_id, ()), activity.contact)
    return found


def _of_row(
    mailbox: Mailbox,
    row: MailboxMessage,
    headers: MessageHeaders | None,
    contacts: dict[UUID, tuple[Contact, ...]],
) -> Explanation:
    on_it = contacts.get(row.message_id, ()) if row.message_id else ()
    names = " and ".join(str(contact) for contact in on_it)
    told = Explanation(
        mailbox,
        row.provider_id,
        reason_for(mailbox, row, contacts=names),
        at=row.provider_at,
        message_id=row.message_id,
        contacts=on_it,
    )
    if row.message is None:
        return _with_headers(told, headers)
    sender = row.message.from_name or row.message.from_address
    return replace(told, subject=row.message.subject, sender=sender)


def _with_headers(told: Explanation, headers: MessageHeaders | None) -> Explanation:
    if headers is None:
        return told
    sender = _readable(headers, "from")
    return replace(
        told,
        subject=_readable(headers, "subject"),
        sender=sender,
        newcomer=_newcomer(told, sender),
        at=headers.received_at,
    )


def _newcomer(told: Explanation, sender: str) -> str:
    if not told.reason.is_for_want_of_a_contact:
        return ""
    others = (one for one in read_addresses(sender) if one.key != told.mailbox.address_key)
    return next((one.email for one in others), "")


def _readable(headers: MessageHeaders, name: str) -> str:
    return decode_words(headers.headers.get(name, ""))
