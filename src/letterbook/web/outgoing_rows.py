"""An outgoing email as lists, a contact's page and its own story show it: its status, when, what can be done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Subquery
from django.db.models.functions import Left

from letterbook.correspondence.showing import PersonOnIt
from letterbook.mailboxes.models import MailboxState
from letterbook.mime.html import html_to_text
from letterbook.outgoing.expecting import Expectation, expectations_for
from letterbook.outgoing.models import FrozenEmail, OutgoingEmail, OutgoingEmailQuerySet, Recipient
from letterbook.outgoing.status import ErrorClass, Status
from letterbook.outgoing.story_endings import facts_by_message
from letterbook.outgoing.story_lines import StoryLine
from letterbook.teams.models import Membership
from letterbook.web.entries import Action, Entry
from letterbook.web.outgoing_actions import actions_of
from letterbook.web.outgoing_times import day_and_time as day_and_time
from letterbook.web.outgoing_times import is_leaving as is_leaving
from letterbook.web.outgoing_times import moment_of, when_of
from letterbook.web.paths import path_to
from letterbook.web.who_is_who import WhoIsWho, capitalised

NOT_SHARED = "Subject not shared"
_BEGINNING = 2000
_SNIPPET = 160


@dataclass(frozen=True, slots=True)
class OutgoingRow:
    """One outgoing email as this viewer sees it. `when` and `then` are two short lines; `leaves_at` counts down."""

    email: OutgoingEmail
    status: str
    people: str
    subject: str
    why: str
    when: str
    then: str
    moment: datetime
    leaves_at: datetime | None
    is_settled: bool
    actions: tuple[Action, ...]
    # What arrived about it since it was sent.
    news: tuple[StoryLine, ...] = ()

    @property
    def author(self) -> str:
        """Whose email it is, by their whole name."""
        return str(self.email.author)

    @property
    def url(self) -> str:
        """Where it opens: a draft to be written on, anything else as its story."""
        name = "edit-email" if self.status == "draft" else "outgoing-email"
        return path_to(name, self.email.pk)

    @property
    def text(self) -> str:
        """How it begins, as far as the viewer may read it; no list shows that."""
        return _snippet(self.email)


def show_rows(
    emails: Iterable[OutgoingEmail], *, member: Membership, who: WhoIsWho, at: datetime
) -> list[OutgoingRow]:
    """Return a page of emails as rows that also say when each will go, and what arrived about it since."""
    shown = list(emails)
    expected = expectations_for(shown, at=at)
    sent = [email.message_id for email in shown if email.message_id is not None]
    news = facts_by_message(sent, member=member) if sent else {}
    return [
        show_row(
            email,
            member=member,
            who=who,
            at=at,
            expected=expected.get(email.pk),
            news=news.get(email.message_id, ()) if email.message_id else (),
        )
        for email in shown
    ]


def show_row(
    email: OutgoingEmail,
    *,
    member: Membership,
    who: WhoIsWho,
    at: datetime,
    expected: Expectation | None = None,
    news: Sequence[StoryLine] = (),
) -> OutgoingRow:
    """Return an email that came from `visible_to` and `with_rows` as a row."""
    status = status_of(email, at=at)
    is_doubtful = is_in_doubt(email)
    when, then = when_of(email, status, is_in_doubt=is_doubtful, expected=expected, at=at)
    may_act = may_write(email, member)
    return OutgoingRow(
        email=email,
        status=status,
        people=_people(email, who),
        subject=(email.subject or "(no subject)") if email.may_read_subject else NOT_SHARED,
        why=_why(email) or _reason(expected),
        when=when,
        then=then,
        moment=moment_of(email),
        leaves_at=email.due_at if status == "leaving" else None,
        is_settled=email.resolved_at is not None,
        actions=_actions(email, status, news, member, at=at) if may_act else (),
        news=tuple(news),
    )


def outgoing_of(member: Membership) -> OutgoingEmailQuerySet:
    """Return the outgoing email this member may know of, ready to be shown as rows."""
    return with_rows(OutgoingEmail.objects.visible_to(member))


def with_rows(emails: OutgoingEmailQuerySet) -> OutgoingEmailQuerySet:
    """Return the same emails with all that a row needs: three queries, however many there are."""
    handed_over = FrozenEmail.objects.filter(email=OuterRef("pk"), submitted_at__isnull=False)
    # Not by EXISTS: PostgreSQL would look through the bytes of everything that is queued to answer for one page.
    handed_over_at = Subquery(handed_over.values("submitted_at")[:1])
    return (
        emails.select_related("mailbox", "author")
        .prefetch_related("recipients__contact")
        .defer("html")
        .annotate(handed_over_at=handed_over_at, beginning=Left("html", _BEGINNING))
    )


def is_in_doubt(email: OutgoingEmail) -> bool:
    """Whether a queued email may have been sent already; the row comes from `with_rows`."""
    return email.status == Status.QUEUED and email.__dict__["handed_over_at"] is not None


def status_of(email: OutgoingEmail, *, at: datetime) -> str:
    """Return the key of the stamp: the status, told more exactly where people want to know."""
    if email.status == Status.FAILED:
        is_open = email.error_class == ErrorClass.UNCONFIRMED and email.resolved_at is None
        return "unconfirmed" if is_open else "failed"
    if email.status != Status.QUEUED:
        return email.status
    if email.leased_until is not None and email.leased_until > at:
        return "sending"
    if email.mailbox.state == MailboxState.NEEDS_RECONNECTING:
        return "waiting_for_mailbox"
    if email.mailbox.is_sending_paused or email.mailbox.state == MailboxState.PAUSED:
        return "held"
    if email.due_reason:
        return "retrying"
    return "leaving" if is_leaving(email, at=at) else "queued"


def may_write(email: OutgoingEmail, member: Membership) -> bool:
    """Whether the buttons of this email are for this person, as `writable_by` says."""
    return member.user_id in {email.author_id, email.mailbox.owner_id}


def _why(email: OutgoingEmail) -> str:
    """Return what stands in the way; after a failure also that nothing was sent, where that is known.

    Gmail's own words may name people: they are for those who may read the email.
    """
    if not email.may_read_content:
        return f"{ErrorClass(email.error_class).label}." if email.error_class else ""
    is_known = email.error_class not in {"", ErrorClass.UNCONFIRMED}
    if is_known and "Nothing was sent" not in email.error:
        return f"{email.error} Nothing was sent."
    return email.error or email.due_reason


def _reason(expected: Expectation | None) -> str:
    """What people wait for without having chosen to; a time of their own choice needs no reason."""
    is_chosen = expected is None or expected.why in {"undo", "scheduled", "handing_over", "turn"}
    return "" if is_chosen or expected is None else expected.reason


def _snippet(email: OutgoingEmail) -> str:
    if not email.may_read_content:
        return ""
    text = " ".join(html_to_text(email.__dict__["beginning"]).split())
    return text if len(text) <= _SNIPPET else f"{text[:_SNIPPET].rstrip()}…"


def _people(email: OutgoingEmail, who: WhoIsWho) -> str:
    rows = sorted(email.recipients.all(), key=lambda row: row.position)
    seen = [row for row in rows if row.kind != "bcc" or email.may_read_content]
    names = who.names([PersonOnIt(row.kind, _name(row), row.address) for row in seen])
    return f"{capitalised(who.team_mate(email.author))} to {names or 'nobody yet'}"


def _actions(
    email: OutgoingEmail,
    status: str,
    news: Sequence[StoryLine],
    member: Membership,
    *,
    at: datetime,
) -> tuple[Action, ...]:
    return actions_of(
        email,
        status,
        is_in_doubt=is_in_doubt(email),
        is_due=email.due_at is not None and email.due_at <= at,
        has_bounced=any(one.kind == "bounced" for one in news),
        is_owner=email.mailbox.owner_id == member.user_id,
    )


def _name(row: Recipient) -> str:
    return row.name or (row.contact.name if row.contact else "")


def show_pending(row: OutgoingRow) -> Entry:
    """Return an email that has not gone yet, or failed, as a line of a contact's history."""
    is_bad = row.status in {"failed", "unconfirmed"}
    story = Action("What happened", path_to("outgoing-email", row.email.pk))
    return Entry(
        id=f"outgoing-{row.email.pk}",
        side="out",
        tone="bad" if is_bad else "later",
        icon="lucide--pencil-line" if row.status == "draft" else "",
        moment=row.moment,
        name=str(row.email.author),
        is_team=True,
        people=row.people,
        subject=row.subject if row.email.may_read_subject else "",
        url=row.url,
        text="" if is_bad else row.why or row.text,
        status=row.status,
        word=f"Queued, {row.when.lower()}" if row.status == "queued" else "",
        reason=row.why,
        leaves_at=row.leaves_at,
        actions=(*row.actions, story) if is_bad else row.actions,
    )
