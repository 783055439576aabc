"""Writing an email: a draft is created, edited, given files, duplicated, thrown away. Nothing here is sent."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from letterbook.correspondence.models import Message
from letterbook.kit.refusals import Conflict, Invalid
from letterbook.mailboxes.models import Mailbox
from letterbook.mailboxes.signatures import signature_for
from letterbook.mime.composing import BadHeader, check_subject
from letterbook.mime.html import clean_composed_html
from letterbook.mime.html_limits import bounded_html
from letterbook.mime.marked_html import replace_signature
from letterbook.outgoing.attaching import attach_file, copy_files, pictures_of, remove_file
from letterbook.outgoing.models import (
    Actor,
    Origin,
    OutgoingEmail,
    Recipient,
    StatusChange,
)
from letterbook.outgoing.recipients import Addressee, read_addressees, write_recipients
from letterbook.outgoing.status import Status
from letterbook.outgoing.versions import find_version, keep_version
from letterbook.outgoing.writable import lock_draft, lock_writable, sendable_mailbox, sender_of
from letterbook.teams.events import announce
from letterbook.teams.models import Membership

__all__ = [
    "DraftText",
    "attach_file",
    "create_draft",
    "discard_draft",
    "duplicate",
    "edit_draft",
    "remove_file",
    "take_version_back",
]


@dataclass(frozen=True, slots=True)
class DraftText:
    """What a person typed: address fields as text, HTML from the editor. `from_address` "" is the mailbox's own.

    `asks_unsubscribe` and `is_private` None leave it as it is.
    """

    to: str = ""
    cc: str = ""
    bcc: str = ""
    subject: str = ""
    html: str = ""
    from_address: str = ""
    asks_unsubscribe: bool | None = None
    is_private: bool | None = None


@dataclass(frozen=True, slots=True)
class _Checked:
    """The same, checked and made safe to be sent."""

    addressees: tuple[Addressee, ...]
    subject: str
    html: str
    from_name: str
    from_address: str


@transaction.atomic
def create_draft(
    member: Membership,
    *,
    mailbox: Mailbox,
    text: DraftText,
    origin: Origin = Origin.PAGE,
    answers: Message | None = None,
    pictures: Collection[str] = (),
    at: datetime,
) -> OutgoingEmail:
    """Create and return a draft; raise `Invalid` naming the field, or `NotAllowed` for another's mailbox.

    `pictures` are the content ids of those that are attached right afterwards.
    """
    mailbox = sendable_mailbox(member, mailbox)
    checked = _check(text, mailbox, pictures)
    email = OutgoingEmail.objects.create(
        team_id=member.team_id,
        mailbox=mailbox,
        author_id=member.user_id,
        origin=origin,
        answers=answers,
        from_name=checked.from_name,
        from_address=checked.from_address,
        subject=checked.subject,
        html=checked.html,
        asks_unsubscribe=bool(text.asks_unsubscribe),
        is_private=bool(text.is_private),
    )
    write_recipients(email, checked.addressees)
    _begin_history(email, member, at=at)
    return email


def _check(text: DraftText, mailbox: Mailbox, pictures: Collection[str]) -> _Checked:
    name, address = sender_of(mailbox, text.from_address)
    if bounded_html(text.html)[1]:
        raise Invalid(
            "This text is too long or too deeply nested to be sent as it is.",
            way_out="Shorten it, or attach the long part as a file.",
            field="html",
        )
    return _Checked(
        addressees=read_addressees(to=text.to, cc=text.cc, bcc=text.bcc),
        subject=_subject(text.subject),
        html=clean_composed_html(text.html, pictures={one: one for one in pictures}),
        from_name=name,
        from_address=address,
    )


def _subject(text: str) -> str:
    try:
        return check_subject(text)
    except BadHeader as bad:
        raise Invalid(str(bad), field="subject") from bad


def _begin_history(email: OutgoingEmail, member: Membership, *, at: datetime) -> None:
    is_program = email.origin in {Origin.API, Origin.AGENT}
    by = Actor.token(member) if is_program else Actor.person(member)
    StatusChange.objects.create(
        email=email,
        team_id=email.team_id,
        new=Status.DRAFT,
        at=at,
        actor=by.kind,
        actor_name=by.name,
        user_id=by.user_id,
    )
    # That a draft exists is nobody else's to know.
    announce("outgoing", team_id=email.team_id, row_id=email.pk, user_id=email.author_id)


@transaction.atomic
def edit_draft(
    member: Membership,
    email: OutgoingEmail,
    *,
    text: DraftText,
    version: int,
    at: datetime,
    mailbox: Mailbox | None = None,
) -> OutgoingEmail:
    """Replace a draft's text and return it; raise `Conflict` when `version` is not the newest.

    With another sender comes their signature, unless the person wrote into the one that is there.
    """
    draft = lock_draft(member, email)
    if draft.version != version:
        raise Conflict(
            "This draft was changed in another window a moment ago.",
            way_out="Open it again and put in what you wrote here.",
            code="StaleVersion",
        )
    chosen = sendable_mailbox(member, mailbox or draft.mailbox)
    checked = _check(text, chosen, pictures_of(draft))
    keep_version(draft, html=checked.html, at=at)
    OutgoingEmail.objects.filter(pk=draft.pk).update(
        mailbox=chosen,
        subject=checked.subject,
        html=_with_signature_of(draft, chosen, checked),
        from_name=checked.from_name,
        from_address=checked.from_address,
        asks_unsubscribe=_or_as_it_is(text.asks_unsubscribe, draft.asks_unsubscribe),
        is_private=_or_as_it_is(text.is_private, draft.is_private),
        version=version + 1,
        updated_at=at,
    )
    write_recipients(draft, checked.addressees)
    draft.refresh_from_db()
    return draft


def _or_as_it_is(asked: bool | None, is_so: bool) -> bool:
    return is_so if asked is None else asked


def _with_signature_of(draft: OutgoingEmail, mailbox: Mailbox, checked: _Checked) -> str:
    if draft.from_address == checked.from_address and draft.mailbox_id == mailbox.pk:
        return checked.html
    old = signature_for(draft.mailbox, draft.from_address)
    return replace_signature(
        checked.html, old=old, new=signature_for(mailbox, checked.from_address)
    )


@transaction.atomic
def take_version_back(
    member: Membership, email: OutgoingEmail, *, version: int, at: datetime
) -> OutgoingEmail:
    """Let a draft say what it said as `version`, and return it; what it says now is kept as another version."""
    draft = lock_draft(member, email)
    kept = find_version(member, draft, version)
    text = DraftText(kept.to, kept.cc, kept.bcc, kept.subject, kept.html, draft.from_address)
    return edit_draft(member, draft, text=text, version=draft.version, at=at)


@transaction.atomic
def discard_draft(member: Membership, email: OutgoingEmail, *, at: datetime) -> None:
    """Throw a draft away; only drafts can be."""
    draft = lock_draft(member, email)
    OutgoingEmail.objects.filter(pk=draft.pk).update(discarded_at=at, updated_at=at)
    announce("outgoing", team_id=draft.team_id, row_id=draft.pk, user_id=draft.author_id)


@transaction.atomic
def duplicate(
    member: Membership, email: OutgoingEmail, *, at: datetime, origin: Origin = Origin.PAGE
) -> OutgoingEmail:
    """Return a new draft with the same text, recipients and files: the way to edit what was sent or failed."""
    original = lock_writable(member, email)
    mailbox = sendable_mailbox(member, original.mailbox)
    copy = OutgoingEmail.objects.create(
        team_id=member.team_id,
        mailbox=mailbox,
        author_id=member.user_id,
        origin=origin,
        answers_id=original.answers_id,
        from_name=original.from_name,
        from_address=original.from_address,
        subject=original.subject,
        html=original.html,
        asks_unsubscribe=original.asks_unsubscribe,
        is_private=original.is_private,
    )
    _copy_recipients(original, copy)
    copy_files(original, copy)
    _begin_history(copy, member, at=at)
    return copy


def _copy_recipients(original: OutgoingEmail, copy: OutgoingEmail) -> None:
    rows = list(original.recipients.all())
    for row in rows:
        row.pk, row.email = None, copy
    Recipient.objects.bulk_create(rows)
