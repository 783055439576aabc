"""The calls under `/messages`."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import islice

from letterbook.providers.fake_gmail.accepting import accept
from letterbook.providers.fake_gmail.contents import Content
from letterbook.providers.fake_gmail.formats import in_format, reference, with_labels
from letterbook.providers.fake_gmail.mailbox import SYSTEM_LABELS, FakeMailbox
from letterbook.providers.fake_gmail.queries import read_query
from letterbook.providers.fake_gmail.refusals import invalid, not_found
from letterbook.providers.fake_gmail.state import State
from letterbook.providers.fake_gmail.submitted import read_json, read_submitted
from letterbook.providers.fake_gmail.times import to_ms
from letterbook.providers.fake_gmail.wire import NO_CONTENT, FakeAnswer, FakeRequest, json_answer

_HIDDEN = {"SPAM", "TRASH"}
_NOT_FOR_CLIENTS = {"SENT", "DRAFT", "CHAT"}


def list_messages(state: State, mailbox: FakeMailbox, request: FakeRequest) -> FakeAnswer:
    question = read_query(request.first("q"), mailbox=mailbox, at=state.now())
    labels = frozenset(request.every("labelIds"))
    shows_all = (
        question.is_everywhere or request.first("includeSpamTrash") == "true" or labels & _HIDDEN
    )
    limit = page_size(request)
    wanted = (
        message
        for message in mailbox.newest_first(before=_place(request.first("pageToken")))
        if labels <= message.labels
        and (shows_all or not message.labels & _HIDDEN)
        and question.matches(message)
    )
    # No further than shows whether there is another page; Gmail's own estimate is no count of the rest either.
    found = list(islice(wanted, limit + 1))
    body: dict[str, object] = {"resultSizeEstimate": len(found)}
    if found:
        body["messages"] = [reference(message) for message in found[:limit]]
    if len(found) > limit:
        last = found[limit - 1]
        body["nextPageToken"] = f"{last.internal_ms}{int(last.id, 16):020d}"
    return json_answer(body)


def page_size(request: FakeRequest) -> int:
    """Return how many results a page may have; 500 is the most whatever is asked."""
    asked = request.first("maxResults", "100")
    if not asked.isdigit():
        raise invalid(f"Invalid value at 'max_results' (TYPE_UINT32), \"{asked}\"")
    return min(max(int(asked), 1), 500)


def _place(token: str) -> tuple[int, str] | None:
    if not token:
        return None
    if not token.isdigit() or len(token) < 21:
        raise invalid("Invalid pageToken")
    return int(token[:-20]), f"{int(token[-20:]):016x}"


def get_message(_state: State, mailbox: FakeMailbox, request: FakeRequest) -> FakeAnswer:
    message = mailbox.find(request.segments[-1])
    names = request.every("metadataHeaders")
    return json_answer(in_format(message, name=request.first("format"), header_names=names))


def send_message(state: State, mailbox: FakeMailbox, request: FakeRequest) -> FakeAnswer:
    submitted = read_submitted(request, is_draft=False)
    if submitted.raw is None:
        raise invalid(
            "'raw' RFC822 payload message string or uploading message via /upload/* URL required"
        )
    check_thread(mailbox, submitted.thread_id)
    sent = accept(
        state,
        mailbox,
        submitted.raw,
        thread_id=submitted.thread_id,
        is_thread_fixed=not submitted.thread_id,
    )
    return json_answer(with_labels(sent))


def check_thread(mailbox: FakeMailbox, thread_id: str) -> None:
    """Refuse a thread that this mailbox does not have."""
    if thread_id and not mailbox.has_thread(thread_id):
        raise not_found()


def insert_message(state: State, mailbox: FakeMailbox, request: FakeRequest) -> FakeAnswer:
    return _put_in(state, mailbox, request, uses_date_header=False)


def import_message(state: State, mailbox: FakeMailbox, request: FakeRequest) -> FakeAnswer:
    return _put_in(state, mailbox, request, uses_date_header=True)


def _put_in(
    state: State, mailbox: FakeMailbox, request: FakeRequest, *, uses_date_header: bool
) -> FakeAnswer:
    submitted = read_submitted(request, is_draft=False)
    if submitted.raw is None:
        raise invalid(
            "'raw' RFC822 payload message string or uploading message via /upload/* URL required"
        )
    content = Content(submitted.raw)
    source = request.first(
        "internalDateSource", "dateHeader" if uses_date_header else "receivedTime"
    )
    at = (_date_of(content) if source == "dateHeader" else None) or state.now()
    message = mailbox.add(
        content,
        labels=submitted.label_ids - {"DRAFT"},
        internal_ms=to_ms(at),
        thread_id=submitted.thread_id,
    )
    return json_answer(with_labels(message))


def _date_of(content: Content) -> datetime | None:
    value = next((value for name, value in content.fields if name.lower() == "date"), "")
    try:
        date = parsedate_to_datetime(value)
        return date if date.tzinfo else date.replace(tzinfo=UTC)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None


def modify_message(_state: State, mailbox: FakeMailbox, request: FakeRequest) -> FakeAnswer:
    body = read_json(request)
    add = _known_labels(mailbox, body.get("addLabelIds", ()))
    remove = _known_labels(mailbox, body.get("removeLabelIds", ()))
    message_id = request.segments[-2]
    mailbox.relabel(message_id, add=add, remove=remove)
    return json_answer(with_labels(mailbox.find(message_id)))


def _known_labels(mailbox: FakeMailbox, names: object) -> frozenset[str]:
    labels = frozenset(map(str, names)) if isinstance(names, (list, tuple)) else frozenset()
    for label in sorted(labels):
        if label in _NOT_FOR_CLIENTS or label not in {*SYSTEM_LABELS, *mailbox.user_labels}:
            raise invalid(f"Invalid label: {label}")
    return labels


def trash_message(_state: State, mailbox: FakeMailbox, request: FakeRequest) -> FakeAnswer:
    message_id = request.segments[-2]
    mailbox.relabel(message_id, add=frozenset({"TRASH"}), remove=frozenset({"INBOX"}))
    return json_answer(with_labels(mailbox.find(message_id)))


def untrash_message(_state: State, mailbox: FakeMailbox, request: FakeRequest) -> FakeAnswer:
    message_id = request.segments[-2]
    mailbox.relabel(message_id, add=frozenset(), remove=frozenset({"TRASH"}))
    return json_answer(with_labels(mailbox.find(message_id)))


def delete_message(_state: State, mailbox: FakeMailbox, request: FakeRequest) -> FakeAnswer:
    mailbox.remove(request.segments[-1])
    return NO_CONTENT
