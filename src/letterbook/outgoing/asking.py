"""Finding out at the provider what became of an email: is its draft still a draft, is its copy in SENT."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from letterbook.mime.send_keys import SEND_KEY_HEADER
from letterbook.outgoing.models import FrozenEmail, OutgoingEmail
from letterbook.providers.errors import Gone, HistoryExpired
from letterbook.providers.mail import Draft, HistoryChange, MailProvider, MessageHeaders
from letterbook.providers.pages import all_pages

_SENT, _DRAFT = "SENT", "DRAFT"
_MOST_PAGES = 10
_MOST_CANDIDATES = 300
# Gmail's clock and ours may differ.
_MARGIN = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class SentCopy:
    """The copy in SENT that proves that these bytes went out."""

    frozen: FrozenEmail
    headers: MessageHeaders


@dataclass(frozen=True, slots=True)
class StillDraft:
    """The draft is as we stored it: nothing was sent."""


@dataclass(frozen=True, slots=True)
class NothingFound:
    """Neither draft nor copy. That proves nothing yet: a copy may appear late."""

    evidence: str


def ask(provider: MailProvider, frozen: FrozenEmail) -> SentCopy | StillDraft | NothingFound:
    """Return what the provider knows of an email that may have been sent."""
    draft = provider.find_draft(frozen.draft_id) if frozen.draft_id else None
    if draft is not None and is_untouched(draft, frozen):
        return StillDraft()
    copy = _copy_in(draft, provider, frozen) or find_sent_copy(provider, frozen)
    if copy is not None:
        return copy
    state = "was edited in Gmail" if draft is not None else "is no longer there"
    return NothingFound(
        f"The draft {frozen.draft_id or '(none)'} {state}, and no email in Sent carries the key {frozen.send_key}."
    )


def is_untouched(draft: Draft, frozen: FrozenEmail) -> bool:
    """Whether this is still the draft that we stored, neither sent nor edited by somebody."""
    return not _was_sent(draft) and draft.message_id == frozen.draft_message_id


def _was_sent(draft: Draft) -> bool:
    # Labels the provider does not tell are empty, which says nothing.
    return _SENT in draft.labels and _DRAFT not in draft.labels


def _copy_in(draft: Draft | None, provider: MailProvider, frozen: FrozenEmail) -> SentCopy | None:
    if draft is None or not _was_sent(draft):
        return None
    headers = _read(provider, draft.message_id)
    return SentCopy(frozen, headers) if headers else None


def find_sent_copy(provider: MailProvider, frozen: FrozenEmail) -> SentCopy | None:
    """Return the copy in SENT that carries this email's key, or None."""
    seen: set[str] = set()
    for ids in (_added_since(provider, frozen), _listed_since(provider, frozen)):
        fresh = [one for one in ids if one not in seen]
        seen.update(fresh)
        for message_id in _not_another_email(frozen, fresh)[:_MOST_CANDIDATES]:
            headers = _read(provider, message_id)
            if headers is not None and _is_copy_of(headers, frozen):
                return SentCopy(frozen, headers)
    return None


def _added_since(provider: MailProvider, frozen: FrozenEmail) -> Iterator[str]:
    """Yield what the history added since just before the submission; complete and quick, while it reaches back."""
    since = frozen.cursor_before
    if not since:
        return
    pages = all_pages(lambda page: provider.list_history(since=since, page=page))
    try:
        for found in islice(pages, _MOST_PAGES):
            yield from (change.id for change in found.changes if _may_be_sent(change))
    except HistoryExpired:
        return


def _may_be_sent(change: HistoryChange) -> bool:
    is_new = change.kind in {"added", "labels_added"}
    return is_new and (_SENT in change.labels or not change.labels)


def _listed_since(provider: MailProvider, frozen: FrozenEmail) -> list[str]:
    """Return what lies in SENT since the submission, oldest first: ours is near the beginning."""
    since = int(((frozen.submitted_at or frozen.frozen_at) - _MARGIN).timestamp())
    query = f"after:{since}"
    pages = all_pages(lambda page: provider.list_messages(query=query, labels=(_SENT,), page=page))
    found = [ref.id for listed in islice(pages, _MOST_PAGES) for ref in listed.refs]
    return found[::-1]


def _not_another_email(frozen: FrozenEmail, ids: Sequence[str]) -> list[str]:
    emails = OutgoingEmail.objects.filter(
        mailbox__outgoing=frozen.email_id, gmail_message_id__in=ids
    )
    taken = set(emails.exclude(pk=frozen.email_id).values_list("gmail_message_id", flat=True))
    return [one for one in ids if one not in taken]


def _read(provider: MailProvider, message_id: str) -> MessageHeaders | None:
    try:
        return provider.fetch_headers(message_id, names=(SEND_KEY_HEADER, "Message-ID"))
    except Gone:
        return None


def _is_copy_of(headers: MessageHeaders, frozen: FrozenEmail) -> bool:
    if _DRAFT in headers.labels:
        return False
    # Gmail usually replaces our Message-ID; where it does not, that is as good as the key.
    return carries_key(headers, frozen) or frozen.message_id in headers.headers.get(
        "message-id", ""
    )


def carries_key(headers: MessageHeaders, frozen: FrozenEmail) -> bool:
    """Whether a message carries this email's send key."""
    return headers.headers.get(SEND_KEY_HEADER.lower(), "").strip() == str(frozen.send_key)


def find_orphan(provider: MailProvider, frozen: FrozenEmail) -> Draft | None:
    """Return the draft that an attempt stored and died before it could write down its id, or None."""
    for draft in provider.list_drafts():
        headers = _read(provider, draft.message_id)
        if headers is not None and carries_key(headers, frozen):
            return draft
    return None


def is_young(frozen: FrozenEmail, *, at: datetime, seconds: float) -> bool:
    """Whether the last submission is so recent that Gmail may still be busy with it."""
    submitted_at = frozen.last_submitted_at or frozen.submitted_at
    return submitted_at is not None and at < submitted_at + timedelta(seconds=seconds)
