"""What the composer's templates need to show an email that is being written."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.timezone import now

from letterbook.correspondence.sharing.keeping_private import is_followed
from letterbook.kit.refusals import Conflict, Invalid, Refused
from letterbook.mailboxes.models import Sharing
from letterbook.mailboxes.own_addresses import own_addresses
from letterbook.mime.html import html_to_text
from letterbook.outgoing.attaching import attach_file
from letterbook.outgoing.fitting import LARGEST_FILES, check_file_fits, room_for_files
from letterbook.outgoing.models import OutgoingEmail
from letterbook.outgoing.regarding import subjects_of
from letterbook.outgoing.subject_types import subject_types
from letterbook.teams.models import Membership
from letterbook.web.beside import beside_context
from letterbook.web.differing import differences
from letterbook.web.requests import MemberRequest
from letterbook.web.senders import senders_of, signatures_of
from letterbook.web.templates_chosen import templates_for
from letterbook.web.typed import Typed, typed_of

SHARED = {
    Sharing.PRIVATE: "Your mailbox is private: nobody else in the team sees its emails.",
    Sharing.METADATA: "Your mailbox shows the team that an email exists, and to whom, not its subject or text.",
    Sharing.SUBJECT: "Your mailbox shares subjects with the team, not texts.",
    Sharing.FULL: "Your mailbox shares full emails with the team.",
}
# The field of the form at which an error is shown.
_FIELDS = {"to", "cc", "bcc", "subject", "html", "file", "send_at", "subject_id", "url"}


def attach_files(request: MemberRequest, email: OutgoingEmail) -> None:
    """Attach what was chosen in the form; raise `Invalid` where it is too much."""
    for upload in request.FILES.getlist("file"):
        name = upload.name or "file"
        check_file_fits(email, filename=name, size=upload.size or 0)
        attach_file(
            request.member,
            email,
            filename=name,
            content_type=upload.content_type or "",
            content=upload.read(),
            at=now(),
        )


def composer_context(
    member: Membership, email: OutgoingEmail | None, typed: Typed, *, refused: Refused | None = None
) -> dict[str, Any]:
    """Return all that the composer's templates need."""
    return {
        "email": email,
        "typed": typed,
        "plain": html_to_text(typed.text.html),
        "undo_seconds": round(settings.UNDO_SECONDS),
        "template_choices": templates_for(member, ""),
        **_sender_context(member, typed),
        "answers_private": _answers_private(member, email),
        **_files_context(email),
        **_refusal_context(email, typed, refused),
        **regarding_context(email),
        **beside_context(member, typed.text, email, at=now()),
    }


def _sender_context(member: Membership, typed: Typed) -> dict[str, Any]:
    senders = senders_of(member)
    chosen = next((one for one in senders if one.value == typed.sender), None)
    return {
        "senders": senders,
        "chosen": chosen,
        "signatures": signatures_of(senders),
        "team_addresses": list(own_addresses(member.team_id)),
        "sharing": SHARED[Sharing(chosen.mailbox.sharing)] if chosen else "",
    }


def _answers_private(member: Membership, email: OutgoingEmail | None) -> bool:
    """Whether it answers what the person keeps private, which it follows."""
    if email is None or email.answers is None or email.mailbox.sharing == Sharing.PRIVATE:
        return False
    return is_followed(member, email.answers, by_contact=False)


def _files_context(email: OutgoingEmail | None) -> dict[str, Any]:
    files = list(email.attachments.defer("content").order_by("id")) if email else []
    return {
        "attached": files,
        "attached_size": sum(one.size for one in files),
        "largest": room_for_files(email) if email else LARGEST_FILES,
        "pictures_url": pictures_address(email) if email else "",
    }


def pictures_address(email: OutgoingEmail) -> str:
    """Return where the pictures of a draft's text are shown from, CID standing for the content id."""
    return reverse("draft-picture", args=[email.pk, "CID"])


def _refusal_context(
    email: OutgoingEmail | None, typed: Typed, refused: Refused | None
) -> dict[str, Any]:
    is_stale = isinstance(refused, Conflict) and refused.code == "StaleVersion"
    return {
        "errors": _errors(refused),
        "refused": refused,
        "is_stale": is_stale,
        "differences": differences(typed, typed_of(email)) if is_stale and email else [],
    }


def _errors(refused: Refused | None) -> dict[str, str]:
    if not isinstance(refused, Invalid):
        return {}
    return {refused.field if refused.field in _FIELDS else "other": str(refused)}


def regarding_context(email: OutgoingEmail | None) -> dict[str, Any]:
    """Return what an email is about, and the kinds of records that are named by hand."""
    return {
        "subjects": subjects_of(email) if email else (),
        "subject_types": [kind for kind in subject_types() if kind.find is None],
    }
