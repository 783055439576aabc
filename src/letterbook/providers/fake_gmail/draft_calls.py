"""The calls under `/drafts`. A draft's id survives every change; its message's id survives none."""

from __future__ import annotations

from letterbook.providers.fake_gmail.accepting import accept, check_sendable
from letterbook.providers.fake_gmail.contents import Content
from letterbook.providers.fake_gmail.formats import in_format, reference, with_labels
from letterbook.providers.fake_gmail.mailbox import FakeMailbox, StoredMessage
from letterbook.providers.fake_gmail.message_calls import check_thread, page_size
from letterbook.providers.fake_gmail.refusals import invalid, not_found
from letterbook.providers.fake_gmail.state import State
from letterbook.providers.fake_gmail.submitted import Submitted, read_submitted
from letterbook.providers.fake_gmail.times import to_ms
from letterbook.providers.fake_gmail.wire import NO_CONTENT, FakeAnswer, FakeRequest, json_answer


def create_draft(state: State, mailbox: FakeMailbox, request: FakeRequest) -> FakeAnswer:
    submitted = read_submitted(request, is_draft=True)
    check_thread(mailbox, submitted.thread_id)
    # As Google documents it: without the thread's id nothing joins one, whatever it answers.
    message = _store(
        state,
        mailbox,
        submitted,
        thread_id=submitted.thread_id,
        is_thread_fixed=not submitted.thread_id,
    )
    draft_id = state.ids.draft()
    mailbox.drafts[draft_id] = message.id
    return json_answer({"id": draft_id, "message": with_labels(message)})


def _store(
    state: State,
    mailbox: FakeMailbox,
    submitted: Submitted,
    *,
    thread_id: str,
    is_thread_fixed: bool = False,
) -> StoredMessage:
    if submitted.raw is None:
        raise invalid("Missing draft message")
    return mailbox.add(
        Content(submitted.raw),
        labels=frozenset({"DRAFT"}),
        internal_ms=to_ms(state.now()),
        thread_id=thread_id,
        is_thread_fixed=is_thread_fixed,
    )


def list_drafts(_state: State, mailbox: FakeMailbox, request: FakeRequest) -> FakeAnswer:
    shown = [
        (draft_id, mailbox.messages[message_id])
        for draft_id, message_id in reversed(mailbox.drafts.items())
        if message_id in mailbox.messages
    ]
    start = int(request.first("pageToken", "0") or 0)
    end = start + page_size(request)
    body: dict[str, object] = {"resultSizeEstimate": len(shown)}
    if page := shown[start:end]:
        body["drafts"] = [{"id": one, "message": reference(message)} for one, message in page]
    if end < len(shown):
        body["nextPageToken"] = str(end)
    return json_answer(body)


def get_draft(_state: State, mailbox: FakeMailbox, request: FakeRequest) -> FakeAnswer:
    draft_id = request.segments[-1]
    message = _message_of(mailbox, draft_id)
    shown = in_format(message, name=request.first("format"))
    return json_answer({"id": draft_id, "message": shown})


def _message_of(mailbox: FakeMailbox, draft_id: str) -> StoredMessage:
    message_id = mailbox.drafts.get(draft_id, "")
    if message_id not in mailbox.messages:
        raise not_found()
    return mailbox.messages[message_id]


def update_draft(state: State, mailbox: FakeMailbox, request: FakeRequest) -> FakeAnswer:
    draft_id = request.segments[-1]
    old = _message_of(mailbox, draft_id)
    submitted = read_submitted(request, is_draft=True)
    new = _replace(state, mailbox, draft_id, submitted=submitted, old=old)
    return json_answer({"id": draft_id, "message": with_labels(new)})


def _replace(
    state: State,
    mailbox: FakeMailbox,
    draft_id: str,
    *,
    submitted: Submitted,
    old: StoredMessage,
) -> StoredMessage:
    new = _store(state, mailbox, submitted, thread_id=old.thread_id, is_thread_fixed=True)
    mailbox.remove(old.id)
    mailbox.drafts[draft_id] = new.id
    return new


def delete_draft(_state: State, mailbox: FakeMailbox, request: FakeRequest) -> FakeAnswer:
    draft_id = request.segments[-1]
    message = _message_of(mailbox, draft_id)
    mailbox.remove(message.id)
    del mailbox.drafts[draft_id]
    return NO_CONTENT


def send_draft(state: State, mailbox: FakeMailbox, request: FakeRequest) -> FakeAnswer:
    submitted = read_submitted(request, is_draft=True)
    draft_id = str(submitted.body.get("id", ""))
    old = _message_of(mailbox, draft_id)
    if "DRAFT" not in old.labels:
        raise not_found()  # it lingers, but was sent already
    raw = submitted.raw if submitted.raw is not None else old.content.raw
    check_sendable(raw)
    sent = accept(state, mailbox, raw, thread_id=old.thread_id, is_thread_fixed=True)
    mailbox.remove(old.id)
    if state.behaviour.sent_drafts == "linger":
        mailbox.drafts[draft_id] = sent.id
    else:
        del mailbox.drafts[draft_id]
    return json_answer(with_labels(sent))
