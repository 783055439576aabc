"""What the buttons of the composer do with a draft that is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.timezone import now

from letterbook.kit.refusals import NotFound
from letterbook.outgoing.attaching import remove_file
from letterbook.outgoing.drafts import discard_draft, duplicate
from letterbook.outgoing.models import Actor, OutgoingEmail
from letterbook.outgoing.queueing import queue_email
from letterbook.outgoing.regarding import link_subject, unlink_subject
from letterbook.teams.models import Membership
from letterbook.web.composing import attach_files
from letterbook.web.copying import copy_with_text
from letterbook.web.outgoing_rows import day_and_time
from letterbook.web.requests import MemberRequest
from letterbook.web.send_times import read_send_at
from letterbook.web.templates_chosen import insert_template
from letterbook.web.typed import Typed, read_version
from letterbook.web.weighing import Weighing, weigh

KEPT = "keep"


@dataclass(frozen=True, slots=True)
class Press:
    """A pressed button: what stood in the form, the draft it is kept in, and what the button says after its colon."""

    request: MemberRequest
    email: OutgoingEmail
    typed: Typed
    argument: str

    @property
    def member(self) -> Membership:
        """Who pressed it."""
        return self.request.member


def pressed_version(request: MemberRequest) -> int:
    """Return the version that the pressed button says may be replaced, 0 where it says none."""
    verb, _, argument = request.POST.get("do", "").partition(":")
    return read_version(argument) if verb == "replace" else 0


def do_pressed(
    request: MemberRequest, email: OutgoingEmail, typed: Typed
) -> HttpResponse | Weighing:
    """Do what the pressed button says; a `Weighing` means that the person should look first."""
    attach_files(request, email)
    verb, _, argument = request.POST.get("do", KEPT).partition(":")
    return _ACTS.get(verb, _stay)(Press(request, email, typed, argument))


def _stay(press: Press) -> HttpResponse:
    query = f"?{urlencode({'back': press.typed.back})}" if press.typed.back else ""
    return redirect(reverse("edit-email", args=[press.email.pk]) + query)


def _close(press: Press) -> HttpResponse:
    return redirect(press.typed.back or "outbox")


def _versions(press: Press) -> HttpResponse:
    return redirect("draft-versions", press.email.pk)


def _discard(press: Press) -> HttpResponse:
    discard_draft(press.member, press.email, at=now())
    undo = reverse("bring-back-draft", args=[press.email.pk])
    messages.info(press.request, "The draft is discarded.", extra_tags=undo)
    return redirect(press.typed.back or "outbox")


def _copy(press: Press) -> HttpResponse:
    copy = copy_with_text(press.member, press.email, press.typed, at=now())
    messages.success(
        press.request, "What you wrote is a draft of its own now. The other one is as it was."
    )
    return redirect("edit-email", copy.pk)


def _duplicate(press: Press) -> HttpResponse:
    copy = duplicate(press.member, press.email, at=now())
    messages.success(press.request, "This is the copy. The first draft is in the outbox.")
    return redirect("edit-email", copy.pk)


def _remove(press: Press) -> HttpResponse:
    try:
        attachment = UUID(press.argument)
    except ValueError as error:
        raise NotFound("This email has no such file.") from error
    remove_file(press.member, press.email, attachment_id=attachment, at=now())
    return _stay(press)


def _link(press: Press) -> HttpResponse:
    posted = press.request.POST
    kind, _, chosen = press.argument.partition(":")
    link_subject(
        press.member,
        press.email,
        subject_type=kind or posted.get("subject_type", ""),
        subject_id=chosen or posted.get("subject_id", ""),
        label=posted.get("subject_label", ""),
        url=posted.get("subject_url", ""),
        at=now(),
    )
    return _stay(press)


def _unlink(press: Press) -> HttpResponse:
    kind, _, subject = press.argument.partition(":")
    unlink_subject(press.member, press.email, subject_type=kind, subject_id=subject)
    return _stay(press)


def _insert(press: Press) -> HttpResponse:
    chosen = press.argument or press.request.POST.get("template", "")
    insert_template(press.member, press.email, template_id=chosen, at=now())
    return _stay(press)


def _send(press: Press) -> HttpResponse | Weighing:
    return _weigh(press, "send") or _queue(press)


def _schedule(press: Press) -> HttpResponse | Weighing:
    asked = press.argument or press.typed.send_at
    read_send_at(asked, zone=press.typed.zone, at=now())
    return _weigh(press, f"schedule:{press.argument}") or _queue(press, asked=asked)


def _weigh(press: Press, pressed: str) -> Weighing | None:
    return weigh(press.member, press.email, press.typed, pressed=pressed, at=now())


def _queue(press: Press, *, asked: str | None = None) -> HttpResponse:
    at, member, email = now(), press.member, press.email
    send_at = None if asked is None else read_send_at(asked, zone=press.typed.zone, at=at)
    queue_email(
        email,
        by=Actor.person(member),
        member=member,
        at=at,
        send_at=send_at,
        version=email.version,
        # Whoever pressed it was shown them, see `_weigh`.
        even_if_unfilled=True,
    )
    if send_at is not None:
        when = day_and_time(send_at, at=at)
        messages.success(press.request, f"“{email.subject or 'Your email'}” goes out: {when}.")
    return redirect(press.typed.back or "outbox")


_ACTS: dict[str, Callable[[Press], HttpResponse | Weighing]] = {
    "send": _send,
    "schedule": _schedule,
    "close": _close,
    "versions": _versions,
    "discard": _discard,
    "copy": _copy,
    "duplicate": _duplicate,
    "remove": _remove,
    "link": _link,
    "unlink": _unlink,
    "insert": _insert,
}
