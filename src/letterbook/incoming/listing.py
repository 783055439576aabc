"""Listing: which messages a mailbox has that were not seen yet.

The ledger's rows and the place from which to go on are written in the same transaction, so a listing that is killed
anywhere loses nothing and repeats nothing. While messages are listed, new ones come: the history cursor is taken
before the listing begins.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from letterbook.incoming.checks import begin_check, check_soon
from letterbook.incoming.labels_anew import learn_new_labels, reread_deciding_labels
from letterbook.incoming.models import RetrievalRun, RunKind
from letterbook.incoming.noting import note_changes, note_left_out, note_listed
from letterbook.incoming.reaching_back import ask_for_contacts, is_worth_asking, remember_asked
from letterbook.kit.refusals import Conflict
from letterbook.mailboxes.models import Mailbox, StoringPolicy
from letterbook.mailboxes.quota import PAGE_UNITS, spend
from letterbook.providers.errors import HistoryExpired, Rejected
from letterbook.providers.mail import MailProvider, MessageRef, Profile
from letterbook.providers.pages import all_pages, going_round

# So that a mailbox of a million messages has its newest fetched before its oldest are listed.
PAGES_A_RUN = 20
# Spam and the bin are emptied after 30 days. What was in there when the history was lost and is out now is younger.
_LOOK_BACK = timedelta(days=31)


def list_new(mailbox: Mailbox, *, provider: MailProvider, run: RetrievalRun, at: datetime) -> None:
    """Bring the ledger up to the present: by the history, or by a listing where there is none to go by."""
    # Before anything is listed: what comes or changes meanwhile is in the history after the profile's cursor.
    profile = provider.read_profile()
    _update(mailbox, provider_count=profile.message_count)
    if mailbox.history_cursor:
        _follow_history(mailbox, provider, run, profile, at=at)
    else:
        _list_everything(mailbox, provider, run, profile, kind=RunKind.FIRST, at=at)
    go_on_listing(mailbox, provider=provider, run=run, at=at)


def go_on_listing(
    mailbox: Mailbox, *, provider: MailProvider, run: RetrievalRun, at: datetime
) -> None:
    """Read some more pages of the listing that is under way, if one is."""
    seen: set[str] = set()
    for _ in range(PAGES_A_RUN):
        if mailbox.listing_page is None:
            return
        seen.add(mailbox.listing_page)
        try:
            answer = provider.list_messages(query=mailbox.listing_query, page=mailbox.listing_page)
        except Rejected:
            if not mailbox.listing_page:
                raise
            # Gmail no longer knows this page; from the beginning again, which only repeats.
            _update(mailbox, listing_page="")
            seen.clear()
            continue
        if answer.next_page and answer.next_page in seen:
            raise going_round(answer.next_page)
        with transaction.atomic():
            spend(mailbox.pk, PAGE_UNITS, at=at)
            _count_listed(run, _note(mailbox, answer.refs, at=at))
            listed_at = mailbox.listed_at if answer.next_page else at
            _update(mailbox, listing_page=answer.next_page or None, listed_at=listed_at)


def _follow_history(
    mailbox: Mailbox, provider: MailProvider, run: RetrievalRun, profile: Profile, *, at: datetime
) -> None:
    try:
        _read_history(mailbox, provider, run, at=at)
    except (HistoryExpired, Rejected):
        # Rejected: a cursor or a page that Gmail does not understand is of no more use than one it forgot.
        reread_deciding_labels(mailbox, provider=provider, at=at)
        # What was deleted meanwhile no listing tells: the check that follows asks for what is no longer listed.
        begin_check(mailbox, at=at)
        check_soon(mailbox.pk)
        query = _what_is_missing(mailbox)
        if query:
            _begin_listing(mailbox, run, profile, kind=RunKind.CATCH_UP, query=query)
        else:
            _list_everything(mailbox, provider, run, profile, kind=RunKind.CATCH_UP, at=at)


def _read_history(
    mailbox: Mailbox, provider: MailProvider, run: RetrievalRun, *, at: datetime
) -> None:
    # Every page is asked for with the cursor of the first: it moves when the last one is stored.
    since = mailbox.history_cursor
    for answer in all_pages(lambda page: provider.list_history(since=since, page=page)):
        learn_new_labels(mailbox, answer.changes, provider=provider)
        with transaction.atomic():
            _count_listed(run, note_changes(mailbox, answer.changes, at=at))
            if not answer.next_page:
                is_complete = mailbox.listing_page is None
                listed_at = at if is_complete else mailbox.listed_at
                _update(mailbox, history_cursor=answer.cursor, listed_at=listed_at)


def _list_everything(
    mailbox: Mailbox,
    provider: MailProvider,
    run: RetrievalRun,
    profile: Profile,
    *,
    kind: RunKind,
    at: datetime,
) -> None:
    """Begin to list the whole mailbox; where that saves fetching, only the mail with contacts is going to be fetched.

    That mail is asked for first: it comes first, and the listing then tells what is left out.
    """
    is_rest_left_out = is_worth_asking(mailbox, message_count=profile.message_count)
    if is_rest_left_out:
        ask_for_contacts(mailbox, provider=provider, at=at)
    with transaction.atomic():
        remember_asked(mailbox, at=at)
        _begin_listing(
            mailbox, run, profile, kind=kind, query="", is_rest_left_out=is_rest_left_out
        )


@transaction.atomic
def _begin_listing(
    mailbox: Mailbox,
    run: RetrievalRun,
    profile: Profile,
    *,
    kind: RunKind,
    query: str,
    is_rest_left_out: bool = False,
) -> None:
    RetrievalRun.objects.filter(pk=run.pk).update(kind=kind)
    _update(
        mailbox,
        history_cursor=profile.history_cursor,
        listing_page="",
        listing_query=query,
        is_rest_left_out=is_rest_left_out,
    )


def _note(mailbox: Mailbox, refs: Iterable[MessageRef], *, at: datetime) -> int:
    # The owner may have widened the policy since the listing began.
    if mailbox.is_rest_left_out and mailbox.policy != StoringPolicy.EVERYONE:
        return note_left_out(mailbox, refs, at=at)
    return note_listed(mailbox, refs, at=at)


def _what_is_missing(mailbox: Mailbox) -> str:
    is_listing_everything = mailbox.listing_page is not None and not mailbox.listing_query
    if mailbox.listed_at is None or is_listing_everything:
        return ""
    return f"after:{int((mailbox.listed_at - _LOOK_BACK).timestamp())}"


def _count_listed(run: RetrievalRun, number: int) -> None:
    RetrievalRun.objects.filter(pk=run.pk).update(listed=F("listed") + number)


def _update(mailbox: Mailbox, **fields: Any) -> None:  # Any: columns of Mailbox
    """Write these columns and no others: the owner may be changing the rest at this moment.

    Compare-and-set: of two runs that read one mailbox, the one that was overtaken stops and writes nothing.
    """
    unmoved = Mailbox.objects.filter(
        pk=mailbox.pk, history_cursor=mailbox.history_cursor, listing_page=mailbox.listing_page
    )
    if not unmoved.update(**fields):
        raise Conflict("Another retrieval of this mailbox is under way.")
    for name, value in fields.items():
        setattr(mailbox, name, value)
