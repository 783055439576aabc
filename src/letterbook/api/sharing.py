"""Who may see what: sharing single contacts and conversations otherwise, asking to read, answering, who read it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from django.utils import timezone
from ninja import Router, Schema, Status
from pydantic import Field

from letterbook.api.mailboxes import find_own_mailbox
from letterbook.api.shapes import Cursor, Given, Limit, Page, TeamMate, Text, answers, team_mate
from letterbook.api.tokens import TokenRequest
from letterbook.contacts.finding import find_contact
from letterbook.correspondence.admissions import AccessRequest, Admission, Answer
from letterbook.correspondence.opened import list_opened
from letterbook.correspondence.openings import How
from letterbook.correspondence.sharing import choosing
from letterbook.correspondence.sharing.admitting import admissions_to, end_admission
from letterbook.correspondence.sharing.asking import (
    answer_request,
    ask_to_read,
    requests_to_answer,
)
from letterbook.kit.refusals import NotFound
from letterbook.mailboxes.models import Sharing
from letterbook.outgoing.keeping_private import share_contact_and_unsent

router = Router(tags=["sharing"])
Level = Literal["private", "metadata", "subject", "full"]


class SharingGiven(Given):
    """How much team-mates see of your mail in it."""

    level: Level | None = Field(description="null: as the mailbox")


class SharingShown(Schema):
    """How your mail in it is shared; `usual` are the levels of your mailboxes."""

    level: Level | None
    usual: list[Level]


class AskedGiven(Given):
    """From whose contact page it is asked, so that the answer can be about everything with them."""

    contact_id: UUID | None = None


class AccessRequestShown(Schema):
    """Somebody asks the owner of a mailbox to read a conversation."""

    id: UUID
    asked_by: TeamMate | None
    owner: TeamMate | None
    thread_id: UUID
    contact_id: UUID | None
    asked_at: datetime
    answer: str = Field(description="empty while it waits; thread, contact, always or no")


class AnswerGiven(Given):
    """What they may read from now on."""

    answer: Answer


class AdmissionShown(Schema):
    """Somebody who may read more of a mailbox than the team."""

    id: UUID
    user: TeamMate | None
    reads: Literal["conversation", "contact", "mailbox"]
    thread_id: UUID | None
    contact_id: UUID | None
    is_glass: bool = Field(description="an admin opened it for a day, and gave a reason")
    reason: str
    begins_at: datetime
    ends_at: datetime | None


class HidingLabelsGiven(Given):
    """Ids of labels whose mail nobody else sees."""

    labels: list[Text] = Field(max_length=50)


class OpeningShown(Schema):
    """Somebody read an email of yours, once a day and way."""

    message_id: UUID
    user: TeamMate | None
    how: How
    at: datetime


@router.get(
    "/contacts/{contact_id}/sharing",
    response=answers(SharingShown),
    operation_id="get_contact_sharing",
)
def get_contact_sharing(request: TokenRequest, contact_id: UUID) -> SharingShown:
    """How your mail with a contact is shared."""
    contact = find_contact(request.auth, contact_id)
    return _shared(choosing.sharing_of_contact(request.auth, contact))


@router.put(
    "/contacts/{contact_id}/sharing", response=answers(SharingShown), operation_id="share_contact"
)
def put_contact_sharing(
    request: TokenRequest, contact_id: UUID, given: SharingGiven
) -> SharingShown:
    """Share your mail with a contact more or less than the rest, at the addresses they have now."""
    contact = find_contact(request.auth, contact_id)
    share_contact_and_unsent(request.auth, contact, level=_level(given), at=timezone.now())
    return _shared(choosing.sharing_of_contact(request.auth, contact))


@router.get(
    "/threads/{thread_id}/sharing",
    response=answers(SharingShown),
    operation_id="get_thread_sharing",
)
def get_thread_sharing(request: TokenRequest, thread_id: UUID) -> SharingShown:
    """How your part of a conversation is shared."""
    return _shared(choosing.sharing_of_thread(request.auth, thread_id))


@router.put(
    "/threads/{thread_id}/sharing",
    response=answers(SharingShown),
    operation_id="share_thread",
)
def put_thread_sharing(request: TokenRequest, thread_id: UUID, given: SharingGiven) -> SharingShown:
    """Share your part of a conversation more or less than the rest; stronger than what you chose for a contact."""
    choosing.share_thread(request.auth, thread_id, level=_level(given), at=timezone.now())
    return _shared(choosing.sharing_of_thread(request.auth, thread_id))


@router.put(
    "/threads/{thread_id}/request",
    response=answers(Page[AccessRequestShown]),
    operation_id="ask_to_read",
)
def put_request(
    request: TokenRequest, thread_id: UUID, given: AskedGiven
) -> Page[AccessRequestShown]:
    """Ask its owners to let you read a conversation; asking again asks nobody twice."""
    contact = find_contact(request.auth, given.contact_id) if given.contact_id else None
    asked = ask_to_read(request.auth, thread_id, contact=contact, at=timezone.now())
    return _page(asked)


@router.get(
    "/access-requests",
    response=answers(Page[AccessRequestShown]),
    operation_id="list_access_requests",
)
def get_requests(request: TokenRequest) -> Page[AccessRequestShown]:
    """Who waits for your answer, who asked first at the top; at most fifty."""
    return _page(requests_to_answer(request.auth))


@router.put(
    "/access-requests/{request_id}/answer",
    response=answers(AccessRequestShown),
    operation_id="answer_access_request",
)
def put_answer(request: TokenRequest, request_id: UUID, given: AnswerGiven) -> AccessRequestShown:
    """Answer once: this conversation, everything with the contact, always, or no."""
    at = timezone.now()
    return _asked(answer_request(request.auth, request_id, answer=given.answer, at=at))


@router.get(
    "/mailboxes/{mailbox_id}/admissions",
    response=answers(Page[AdmissionShown]),
    operation_id="list_admissions",
)
def get_admissions(request: TokenRequest, mailbox_id: UUID) -> Page[AdmissionShown]:
    """Who may see more of one of your mailboxes, newest first; at most two hundred."""
    mailbox = find_own_mailbox(request.auth, mailbox_id)
    items = [_admission(one) for one in admissions_to(request.auth, mailbox)]
    return Page[AdmissionShown](items=items, next_cursor="")


@router.delete(
    "/admissions/{admission_id}", response=answers(None, status=204), operation_id="end_admission"
)
def delete_admission(request: TokenRequest, admission_id: UUID) -> Status[None]:
    """End that somebody may see more of your mail, or you of theirs."""
    end_admission(request.auth, admission_id, at=timezone.now())
    return Status(204, None)


@router.put(
    "/mailboxes/{mailbox_id}/hiding-labels",
    response=answers(HidingLabelsGiven),
    operation_id="hide_labels",
)
def put_hiding_labels(
    request: TokenRequest, mailbox_id: UUID, given: HidingLabelsGiven
) -> HidingLabelsGiven:
    """Choose the labels of one of your mailboxes whose mail nobody else sees."""
    mailbox = find_own_mailbox(request.auth, mailbox_id)
    choosing.hide_labels(request.auth, mailbox, labels=given.labels, at=timezone.now())
    return HidingLabelsGiven(labels=sorted(choosing.hiding_labels_of(mailbox)))


@router.get(
    "/mailboxes/{mailbox_id}/openings",
    response=answers(Page[OpeningShown]),
    operation_id="list_openings",
)
def get_openings(
    request: TokenRequest, mailbox_id: UUID, cursor: Cursor = "", limit: Limit = 50
) -> Page[OpeningShown]:
    """Who read mail of one of your mailboxes, and how, newest first."""
    mailbox = find_own_mailbox(request.auth, mailbox_id)
    page = list_opened(request.auth, mailbox, cursor=cursor, limit=limit)
    items = [
        OpeningShown(message_id=one.message_id, user=team_mate(one.user), how=one.how, at=one.at)
        for one in page.openings
    ]
    return Page[OpeningShown](items=items, next_cursor=page.next_cursor)


def _level(given: SharingGiven) -> Sharing | None:
    return None if given.level is None else Sharing[given.level.upper()]


def _word(level: Sharing) -> Level:
    words: dict[Sharing, Level] = {
        Sharing.PRIVATE: "private",
        Sharing.METADATA: "metadata",
        Sharing.SUBJECT: "subject",
        Sharing.FULL: "full",
    }
    return words[level]


def _shared(shared: choosing.Shared | None) -> SharingShown:
    if shared is None:
        raise NotFound("No mailbox of yours holds any of it.")
    return SharingShown(
        level=None if shared.level is None else _word(shared.level),
        usual=[_word(level) for level in shared.usual],
    )


def _page(asked: Sequence[AccessRequest]) -> Page[AccessRequestShown]:
    return Page[AccessRequestShown](items=[_asked(one) for one in asked], next_cursor="")


def _asked(asked: AccessRequest) -> AccessRequestShown:
    return AccessRequestShown(
        id=asked.pk,
        asked_by=team_mate(asked.asked_by),
        owner=team_mate(asked.mailbox.owner),
        thread_id=asked.thread_id,
        contact_id=asked.contact_id,
        asked_at=asked.asked_at,
        answer=asked.answer,
    )


def _admission(one: Admission) -> AdmissionShown:
    is_about: Literal["conversation", "contact", "mailbox"] = "mailbox"
    if one.thread_id is not None:
        is_about = "conversation"
    elif one.keys is not None:
        is_about = "contact"
    return AdmissionShown(
        id=one.pk,
        user=team_mate(one.user),
        reads=is_about,
        thread_id=one.thread_id,
        contact_id=one.contact_id,
        is_glass=one.is_glass,
        reason=one.reason,
        begins_at=one.begins_at,
        ends_at=one.ends_at,
    )
