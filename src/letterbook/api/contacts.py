"""Contacts, their addresses and their timeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from django.utils import timezone
from ninja import Query, Router, Status
from pydantic import Field

from letterbook.api.contact_changes import BulkEditShown, show_bulk_edit
from letterbook.api.contact_filter import ContactsAsked
from letterbook.api.repeating import once
from letterbook.api.shapes import (
    Cursor,
    Direction,
    EmailSeen,
    Given,
    Limit,
    Page,
    Shown,
    TeamMate,
    Text,
    answers,
    show_email,
    team_mate,
)
from letterbook.api.tokens import TokenRequest
from letterbook.contacts.bulk import delete_contact_later
from letterbook.contacts.finding import find_contact
from letterbook.contacts.keeping import (
    assign_contact,
    edit_contact,
    find_person,
)
from letterbook.contacts.models import Contact, Tag
from letterbook.contacts.own_values import fields_of_team
from letterbook.contacts.tagging import tags_by_contact
from letterbook.outgoing.one_click import subscribe_again
from letterbook.outgoing.unsubscriptions import unsubscribed_at
from letterbook.teams.models import Membership
from letterbook.timeline.acquainting import add_contact, add_contact_address
from letterbook.timeline.contact_list import list_filtered
from letterbook.timeline.narrowing import TimelineFilter
from letterbook.timeline.reading import TimelineLine, read_timeline

router = Router(tags=["contacts"])


class AddressShown(Shown):
    """One address of a contact."""

    address: str
    is_primary: bool
    unsubscribed_at: datetime | None = Field(
        description="since when whoever has it wants no mailings: they pressed the link that one carried"
    )


class ContactShown(Shown):
    """A person the team writes with."""

    id: UUID
    name: str
    job_title: str
    company: str = Field(description="as it was typed; else what their company is called")
    company_id: UUID | None
    phone: str
    note: str
    time_zone: str
    tags: list[str]
    custom: dict[str, str] = Field(description="values of the team's own fields, by their name")
    owner: TeamMate | None
    addresses: list[AddressShown]
    held_at: datetime | None = Field(description="since when they are under legal hold")
    hold_reason: str
    created_at: datetime
    updated_at: datetime


class ContactGiven(Given):
    """A new contact; the first address is the primary one."""

    name: Text = Field(default="", max_length=200)
    addresses: list[Text] = Field(default=[], max_length=50)
    job_title: Text = Field(default="", max_length=200)
    company: Text = Field(default="", max_length=200)
    phone: Text = Field(default="", max_length=60)
    note: Text = Field(default="", max_length=20_000)
    time_zone: Text = Field(default="", max_length=64, description="such as Europe/Oslo")
    tags: list[Text] = Field(default=[], max_length=30)
    custom: dict[Text, Text] = Field(default={}, max_length=50)
    brings_back: bool = Field(
        default=False, description="whether somebody who was erased is to be a contact again"
    )


class ContactChanges(Given):
    """What is to be different; what is left out stays."""

    name: Text | None = Field(default=None, max_length=200)
    job_title: Text | None = Field(default=None, max_length=200)
    company: Text | None = Field(default=None, max_length=200)
    phone: Text | None = Field(default=None, max_length=60)
    note: Text | None = Field(default=None, max_length=20_000)
    time_zone: Text | None = Field(default=None, max_length=64, description="such as Europe/Oslo")
    tags: list[Text] | None = Field(default=None, max_length=30)
    custom: dict[Text, Text] | None = Field(default=None, max_length=50)


class OwnerGiven(Given):
    """Who looks after a contact: a person of the team, or nobody."""

    user_id: UUID | None


class AddressGiven(Given):
    """One more address."""

    address: Text = Field(max_length=320)
    brings_back: bool = Field(
        default=False, description="whether an address that was erased is to come back"
    )


class ActivityShown(Shown):
    """One line of a contact's history: an email, or what somebody wrote: a note, call, meeting or task."""

    id: UUID
    type: str = Field(description="one of GET /activity-types")
    direction: str = Field(description="in or out; empty where it is no email")
    occurred_at: datetime
    user: TeamMate | None
    text: str
    email: EmailSeen | None
    minutes: int | None
    due_on: date | None
    assignee: TeamMate | None
    done_at: datetime | None
    is_pinned: bool
    is_private: bool = Field(description="whether only its writer sees it")


@router.get("/contacts", response=answers(Page[ContactShown]), operation_id="list_contacts")
def get_contacts(
    request: TokenRequest, asked: Query[ContactsAsked], cursor: Cursor = "", limit: Limit = 50
) -> Page[ContactShown]:
    """The team's contacts, narrowed. A page that asks about email may be short although there is a next one."""
    page = list_filtered(
        request.auth, asked.as_filter(), cursor=cursor, limit=limit, at=timezone.now()
    )
    return Page(items=show_contacts(request.auth, page.contacts), next_cursor=page.next_cursor)


@router.post("/contacts", response=answers(ContactShown, status=201), operation_id="create_contact")
def post_contact(request: TokenRequest, given: ContactGiven) -> Status[ContactShown]:
    """Create a contact; mail already stored with their addresses joins their timeline."""
    contact = once(
        request,
        request.auth,
        create=lambda: add_contact(request.auth, **given.model_dump(), at=timezone.now()),
        find=lambda contact_id: find_contact(request.auth, contact_id),
        id_of=lambda contact: contact.pk,
        at=timezone.now(),
    )
    return Status(201, show_contact(request.auth, find_contact(request.auth, contact.pk)))


@router.get("/contacts/{contact_id}", response=answers(ContactShown), operation_id="get_contact")
def get_contact(request: TokenRequest, contact_id: UUID) -> ContactShown:
    """One contact."""
    return show_contact(request.auth, find_contact(request.auth, contact_id))


@router.patch("/contacts/{contact_id}", response=answers(ContactShown), operation_id="edit_contact")
def patch_contact(request: TokenRequest, contact_id: UUID, changes: ContactChanges) -> ContactShown:
    """Change some of a contact's fields."""
    contact = find_contact(request.auth, contact_id)
    fields = changes.model_dump(exclude_unset=True)
    return show_contact(
        request.auth, edit_contact(request.auth, contact, **fields, at=timezone.now())
    )


@router.delete(
    "/contacts/{contact_id}",
    response=answers(BulkEditShown, status=202),
    operation_id="delete_contact",
)
def remove_contact(request: TokenRequest, contact_id: UUID) -> Status[BulkEditShown]:
    """Delete a contact, its notes and its links to mail at `due_at`; the mail itself stays.

    Until then `DELETE /contact-changes/{id}` calls it off.
    """
    contact = find_contact(request.auth, contact_id)
    deletion = delete_contact_later(request.auth, contact, at=timezone.now())
    return Status(202, show_bulk_edit(deletion))


@router.put(
    "/contacts/{contact_id}/owner", response=answers(ContactShown), operation_id="assign_contact"
)
def put_owner(request: TokenRequest, contact_id: UUID, given: OwnerGiven) -> ContactShown:
    """Make a team-mate, or nobody, the one who looks after a contact."""
    contact = find_contact(request.auth, contact_id)
    owner = find_person(request.auth, given.user_id) if given.user_id else None
    assign_contact(request.auth, contact, to=owner, at=timezone.now())
    return show_contact(request.auth, find_contact(request.auth, contact_id))


@router.post(
    "/contacts/{contact_id}/addresses",
    response=answers(ContactShown, status=201),
    operation_id="add_contact_address",
)
def post_address(
    request: TokenRequest, contact_id: UUID, given: AddressGiven
) -> Status[ContactShown]:
    """Give a contact one more address; mail already stored with it joins their timeline."""
    contact = find_contact(request.auth, contact_id)
    once(
        request,
        request.auth,
        create=lambda: (
            add_contact_address(
                request.auth,
                contact,
                address=given.address,
                brings_back=given.brings_back,
                at=timezone.now(),
            ).contact
        ),
        find=lambda found: find_contact(request.auth, found),
        id_of=lambda found: found.pk,
        at=timezone.now(),
    )
    return Status(201, show_contact(request.auth, find_contact(request.auth, contact_id)))


@router.delete(
    "/contacts/{contact_id}/unsubscription",
    response=answers(ContactShown),
    operation_id="subscribe_again",
)
def remove_unsubscription(
    request: TokenRequest, contact_id: UUID, address: Annotated[Text, Query(max_length=320)]
) -> ContactShown:
    """Note that who pressed the link of a mailing wants such mail again, because they said so."""
    contact = find_contact(request.auth, contact_id)
    subscribe_again(request.auth, contact, address=address, at=timezone.now())
    return show_contact(request.auth, contact)


@router.get(
    "/contacts/{contact_id}/timeline",
    response=answers(Page[ActivityShown]),
    operation_id="get_timeline",
)
def get_timeline(
    request: TokenRequest,
    contact_id: UUID,
    cursor: Cursor = "",
    limit: Limit = 50,
    direction: Direction | None = None,
) -> Page[ActivityShown]:
    """A contact's history, newest first: emails of the whole team as far as they are shared, notes, calls, meetings."""
    page = read_timeline(
        request.auth,
        find_contact(request.auth, contact_id),
        cursor=cursor,
        limit=limit,
        wanted=TimelineFilter(direction=direction or ""),
    )
    return Page(items=[show_line(line) for line in page.lines], next_cursor=page.next_cursor)


def show_line(line: TimelineLine) -> ActivityShown:
    """Return a line of the timeline as the API shows it."""
    return ActivityShown(
        id=line.id,
        type=line.type,
        direction=line.direction,
        occurred_at=line.occurred_at,
        user=team_mate(line.user),
        text=line.text,
        email=show_email(line.email) if line.email else None,
        minutes=line.minutes,
        due_on=line.due_on,
        assignee=team_mate(line.assignee),
        done_at=line.done_at,
        is_pinned=line.is_pinned,
        is_private=line.is_private,
    )


def show_contact(member: Membership, contact: Contact) -> ContactShown:
    """Return a contact as the API shows it."""
    return show_contacts(member, [contact])[0]


def show_contacts(member: Membership, contacts: Sequence[Contact]) -> list[ContactShown]:
    """Return contacts as the API shows them, with their tags and the team's own fields."""
    tags = tags_by_contact(member, contacts)
    keys = [address.key for one in contacts for address in one.addresses.all()]
    unsubscribed = unsubscribed_at(member, keys)
    names = {str(field.pk): field.name for field in fields_of_team(member.team_id)}
    return [_show(one, tags[one.pk], names, unsubscribed) for one in contacts]


def _show(
    contact: Contact,
    tags: Sequence[Tag],
    names: Mapping[str, str],
    unsubscribed: Mapping[str, datetime],
) -> ContactShown:
    addresses = sorted(contact.addresses.all(), key=lambda one: (not one.is_primary, one.pk))
    return ContactShown(
        id=contact.pk,
        name=contact.name,
        job_title=contact.job_title,
        company=contact.employer_name,
        company_id=contact.employer_id,
        phone=contact.phone,
        note=contact.note,
        time_zone=contact.time_zone,
        tags=[tag.name for tag in tags],
        custom={names[key]: text for key, text in contact.custom.items() if key in names},
        owner=team_mate(contact.owner),
        addresses=[
            AddressShown(
                address=one.address,
                is_primary=one.is_primary,
                unsubscribed_at=unsubscribed.get(one.key),
            )
            for one in addresses
        ],
        held_at=contact.held_at,
        hold_reason=contact.hold_reason,
        created_at=contact.created_at,
        updated_at=contact.updated_at,
    )
