"""Asking to read what one knows of but may not read, and answering that once."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from letterbook.contacts.models import Contact
from letterbook.correspondence.access import reach_of
from letterbook.correspondence.admissions import Answer
from letterbook.correspondence.models import (
    AccessRequest,
    MailboxMessage,
    seen_copies,
)
from letterbook.correspondence.sharing.admitting import let_in
from letterbook.correspondence.threading import lock_correspondence
from letterbook.kit.refusals import Conflict, Invalid, NotFound
from letterbook.mailboxes.models import Mailbox, Sharing
from letterbook.teams.audit import record_audit
from letterbook.teams.events import announce
from letterbook.teams.models import Membership, User


def whom_to_ask(member: Membership, thread_id: UUID) -> list[User]:
    """Return whose mailboxes hold parts of a conversation that this member knows of but may not read."""
    boxes = _boxes_to_ask(member, thread_id)
    return list({box.owner_id: box.owner for box in boxes}.values())


@transaction.atomic
def ask_to_read(
    member: Membership, thread_id: UUID, *, contact: Contact | None = None, at: datetime
) -> list[AccessRequest]:
    """Ask the owners of a conversation to let one read it, and return the requests; asking again asks nobody twice.

    Raises `NotFound` where there is nothing in it that one knows of and may not read, and `Conflict` where its owner
    said no.
    """
    boxes = _boxes_to_ask(member, thread_id)
    if not boxes:
        raise NotFound("There is nothing in this conversation to ask for.")
    requests = [_ask(member, box, thread_id, contact, at=at) for box in boxes]
    if all(request.answer == Answer.NO for request in requests):
        raise Conflict(
            f"{requests[0].mailbox.owner} would rather not share this conversation.",
            way_out="Talk to them.",
        )
    return requests


@transaction.atomic
def answer_request(
    member: Membership, request_id: UUID, *, answer: Answer, at: datetime
) -> AccessRequest:
    """Answer who asks to read one's mail: this conversation, everything with the contact, always, or no.

    Raises `NotFound` for what is not one's own to answer and `Conflict` where it was answered otherwise.
    """
    lock_correspondence(member.team_id)
    request = _find(member, request_id)
    if answer == Answer.CONTACT and request.contact_id is None:
        raise Invalid("It is not known which contact that would be.", field="answer")
    answered = AccessRequest.objects.open().filter(pk=request.pk)
    if not answered.update(answer=answer, answered_at=at):
        request.refresh_from_db()
        if request.answer != answer:
            raise Conflict("You answered this before.", way_out="Change it at your mailbox.")
        return request
    _act_on(request, answer, at=at)
    announce("activity", team_id=request.team_id, user_id=request.asked_by_id)
    announce("mailbox", team_id=request.team_id, row_id=request.mailbox_id, user_id=member.user_id)
    record_audit(
        "asked to read: answered",
        team_id=request.team_id,
        user=member.user,
        at=at,
        subject=("mailbox", request.mailbox_id),
        who=str(request.asked_by_id),
        answer=str(answer),
    )
    request.refresh_from_db()
    return request


def requests_to_answer(member: Membership) -> list[AccessRequest]:
    """Return who waits for one's answer, who asked first at the top."""
    mine = AccessRequest.objects.visible_to(member).open().filter(mailbox__owner_id=member.user_id)
    return list(
        mine.select_related("asked_by", "mailbox", "contact").order_by("asked_at", "id")[:50]
    )


def asked_already(member: Membership, thread_id: UUID) -> list[AccessRequest]:
    """Return one's own requests to read a conversation that wait or were answered with no."""
    asked = AccessRequest.objects.filter(asked_by_id=member.user_id, thread=thread_id)
    standing = asked.filter(team_id=member.team_id, answer__in=["", Answer.NO])
    return list(standing.select_related("mailbox__owner").order_by("asked_at", "id"))


def _boxes_to_ask(member: Membership, thread_id: UUID) -> list[Mailbox]:
    reach = reach_of(member)
    known = MailboxMessage.objects.filter(
        seen_copies(reach, level=Sharing.METADATA), message__thread=thread_id
    ).exclude(seen_copies(reach, level=Sharing.FULL))
    boxes = Mailbox.objects.visible_to(member).filter(pk__in=known.values("mailbox"))
    return list(boxes.select_related("owner").order_by("pk"))


def _ask(
    member: Membership, box: Mailbox, thread_id: UUID, contact: Contact | None, *, at: datetime
) -> AccessRequest:
    asked = AccessRequest.objects.filter(asked_by_id=member.user_id, mailbox=box, thread=thread_id)
    refused = asked.filter(answer=Answer.NO).select_related("mailbox__owner").first()
    if refused is not None:
        return refused
    request, is_new = AccessRequest.objects.select_related("mailbox__owner").get_or_create(
        asked_by_id=member.user_id,
        mailbox=box,
        thread_id=thread_id,
        answered_at=None,
        defaults={"team_id": box.team_id, "contact": contact, "asked_at": at},
    )
    if is_new:
        announce("mailbox", team_id=box.team_id, row_id=box.pk, user_id=box.owner_id)
    return request


def _find(member: Membership, request_id: UUID) -> AccessRequest:
    asked = AccessRequest.objects.visible_to(member).select_related(
        "mailbox", "asked_by", "contact"
    )
    request = asked.filter(pk=request_id, mailbox__owner_id=member.user_id).first()
    if request is None:
        raise NotFound("There is no such request to you.")
    return request


def _act_on(request: AccessRequest, answer: Answer, *, at: datetime) -> None:
    if answer == Answer.THREAD:
        let_in(request.mailbox, request.asked_by, thread_id=request.thread_id, at=at)
    elif answer == Answer.CONTACT:
        let_in(request.mailbox, request.asked_by, contact=request.contact, at=at)
    elif answer == Answer.ALWAYS:
        let_in(request.mailbox, request.asked_by, at=at)
