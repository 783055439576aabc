"""An email being written and sent: what it is, and the verbs that move its status."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import pgtrigger
from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q

from letterbook.correspondence.access import SeenBySomeone, reach_of
from letterbook.correspondence.models import Message
from letterbook.kit.ids import new_id
from letterbook.kit.refusals import Conflict
from letterbook.mailboxes.models import Mailbox, Sharing
from letterbook.outgoing.actors import WORKER as WORKER
from letterbook.outgoing.actors import Actor as Actor
from letterbook.outgoing.actors import ActorKind as ActorKind
from letterbook.outgoing.attempts import DeliveryAttempt as DeliveryAttempt
from letterbook.outgoing.attempts import FrozenEmail as FrozenEmail
from letterbook.outgoing.attempts import Step as Step
from letterbook.outgoing.draft_versions import DraftVersion as DraftVersion
from letterbook.outgoing.email_templates import EmailTemplate as EmailTemplate
from letterbook.outgoing.failures import Failure as Failure
from letterbook.outgoing.failures import Resolution as Resolution
from letterbook.outgoing.failures import close_failure, reopen_failure
from letterbook.outgoing.links import Regarding as Regarding
from letterbook.outgoing.notices import FailureNotice as FailureNotice
from letterbook.outgoing.paces import Pace as Pace
from letterbook.outgoing.parts import OutgoingAttachment as OutgoingAttachment
from letterbook.outgoing.parts import Recipient as Recipient
from letterbook.outgoing.parts import RecipientKind as RecipientKind
from letterbook.outgoing.receipts import Receipt, write_receipt
from letterbook.outgoing.shared_emails import is_known, level_seen
from letterbook.outgoing.status import ALLOWED, RETRY_TAKEN_BACK, WAYS_ON, ErrorClass, Status
from letterbook.outgoing.status_changes import StatusChange as StatusChange
from letterbook.outgoing.unsubscriptions import Unsubscription as Unsubscription
from letterbook.teams.events import announce
from letterbook.teams.models import Membership, Team, User


class Origin(models.TextChoices):
    PAGE = "page", "in the browser"
    API = "api", "through the API"
    COMMAND = "command", "from the command line"
    AGENT = "agent", "by an agent"


class OutgoingEmailQuerySet(models.QuerySet["OutgoingEmail"]):
    def visible_to(self, member: Membership) -> OutgoingEmailQuerySet:
        """One's own and one's mailboxes' email in every status; a team-mate's, drafts left out, as far as shared.

        Each carries its `access` level. A discarded draft is gone for everyone.
        """
        reach = reach_of(member)
        return self.filter(
            is_known(member, reach), team_id=member.team_id, discarded_at=None, erased_at=None
        ).annotate(viewer_access=level_seen(member, reach))

    def writable_by(self, member: Membership) -> OutgoingEmailQuerySet:
        """Email this member may edit, queue, cancel and retry: their own, and what leaves from their mailbox."""
        return self.visible_to(member).filter(
            Q(author_id=member.user_id) | Q(mailbox__owner_id=member.user_id)
        )

    def due(self, *, at: datetime) -> OutgoingEmailQuerySet:
        """Queued email whose time has come and that no worker holds."""
        return self.filter(
            Q(leased_until=None) | Q(leased_until__lt=at), status=Status.QUEUED, due_at__lte=at
        )


class OutgoingEmail(SeenBySomeone, models.Model):
    """An email that somebody of the team writes: draft → queued → sent or failed."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    mailbox = models.ForeignKey(Mailbox, models.PROTECT, related_name="outgoing")
    author = models.ForeignKey(User, models.PROTECT, related_name="+")
    origin = models.CharField(max_length=10, choices=Origin.choices, default=Origin.PAGE)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    # Grows with every edit; an edit that names an older one is refused, so nobody's words are lost.
    version = models.PositiveIntegerField(default=1)

    from_name = models.CharField(max_length=200, blank=True)
    from_address = models.CharField(max_length=320, blank=True)
    subject = models.TextField(blank=True)
    html = models.TextField(blank=True)
    asks_unsubscribe = models.BooleanField(default=False)
    # Its author keeps it, and what answers it, from the team, whatever the mailbox shares.
    is_private = models.BooleanField(default=False)
    # As narrowly the mailbox's owner shares mail with one of the recipients, once it is queued; its copy says it later.
    unsent_sharing = models.SmallIntegerField(choices=Sharing.choices, null=True, blank=True)
    answers = models.ForeignKey(
        Message, models.SET_NULL, null=True, blank=True, related_name="answered_by"
    )

    queued_at = models.DateTimeField(null=True, blank=True)
    # When a person wanted it sent; giving up counts from here.
    send_at = models.DateTimeField(null=True, blank=True)
    # Not before: the undo window, a scheduled time, or the next attempt.
    due_at = models.DateTimeField(null=True, blank=True)
    due_reason = models.CharField(max_length=300, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    error_class = models.CharField(max_length=20, choices=ErrorClass.choices, blank=True)
    error = models.TextField(blank=True)
    error_evidence = models.TextField(blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolution = models.CharField(max_length=20, blank=True)
    # The failed email that this one was written to replace; queueing this one resolves it.
    replaces = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="replaced_by"
    )

    # The fence: an attempt may only write while its number is still this one.
    attempt = models.PositiveIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True)
    # Queued emails of one mailbox that share it leave in the order in which they were queued; "" keeps no order.
    order_key = models.CharField(max_length=40, blank=True)

    gmail_message_id = models.CharField(max_length=80, blank=True)
    gmail_thread_id = models.CharField(max_length=80, blank=True)
    message = models.OneToOneField(
        Message, models.SET_NULL, null=True, blank=True, related_name="outgoing_email"
    )

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    discarded_at = models.DateTimeField(null=True, blank=True)
    # When whoever it went to was erased: what it said is gone, that it was sent, and when, stays provable.
    erased_at = models.DateTimeField(null=True, blank=True)

    # How many status changes there are and the last one's hash: a log with its end cut off is noticed.
    history_length = models.PositiveIntegerField(default=0, editable=False)
    history_hash = models.BinaryField(max_length=32, default=b"")

    objects = OutgoingEmailQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=Status.values), name="outgoing_status_known"
            ),
            models.CheckConstraint(
                condition=(Q(status="sent", sent_at__isnull=False) & ~Q(gmail_message_id=""))
                | (~Q(status="sent") & Q(sent_at__isnull=True)),
                name="outgoing_sent_means_accepted",
            ),
            models.CheckConstraint(
                condition=(
                    Q(status="failed", failed_at__isnull=False) & ~Q(error="") & ~Q(error_class="")
                )
                | (~Q(status="failed") & Q(failed_at__isnull=True, error_class="", error="")),
                name="outgoing_failed_means_an_error",
            ),
            models.CheckConstraint(
                condition=~Q(status="queued") | Q(queued_at__isnull=False, due_at__isnull=False),
                name="outgoing_queued_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(discarded_at=None) | Q(status="draft"),
                name="outgoing_only_drafts_are_discarded",
            ),
        ]
        indexes = [
            # The sweep for due email, over all teams.
            models.Index(fields=["due_at"], condition=Q(status="queued"), name="outgoing_due"),
            # A mailbox's queue: what goes next, and how many are before an email.
            models.Index(
                fields=["mailbox", "due_at", "id"],
                condition=Q(status="queued"),
                name="outgoing_queue_of_mailbox",
            ),
            # Whether another email must go first.
            models.Index(
                fields=["mailbox", "order_key", "queued_at", "id"],
                condition=Q(status="queued"),
                name="outgoing_queue_in_order",
            ),
            # How much of Gmail's daily limit a mailbox has used up.
            models.Index(
                fields=["mailbox", "sent_at"],
                condition=Q(status="sent"),
                name="outgoing_sent_of_mailbox",
            ),
            # The outbox: one status of a team, newest first.
            models.Index(
                fields=["team", "status", "-updated_at", "-id"], name="outgoing_by_team_and_status"
            ),
            # Our own copy that retrieval brings back is recognised by the provider's id.
            models.Index(
                fields=["mailbox", "gmail_message_id"],
                condition=~Q(gmail_message_id=""),
                name="outgoing_by_gmail_id",
            ),
        ]
        triggers = [
            pgtrigger.FSM(
                name="status_moves",
                field="status",
                transitions=[(str(old), str(new)) for old, new in sorted(ALLOWED)],
            ),
            pgtrigger.Trigger(
                name="mailbox_of_same_team",
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("mailbox_id", "team_id"),  # type: ignore[no-untyped-call]
                when=pgtrigger.Before,
                func="""
                    IF NOT EXISTS (SELECT 1 FROM mailboxes_mailbox m
                                   WHERE m.id = NEW.mailbox_id AND m.team_id = NEW.team_id) THEN
                        RAISE EXCEPTION 'an email and its mailbox belong to one team' USING ERRCODE = '23514';
                    END IF;
                    RETURN NEW;
                """,
            ),
            # Born as a draft, whatever the code says.
            pgtrigger.Protect(
                name="born_as_draft",
                operation=pgtrigger.Insert,
                condition=pgtrigger.Q(new__status__df="draft"),
            ),
            # A new failure is later than the queueing; an older one comes back only before anything was tried.
            pgtrigger.Trigger(
                name="retry_taken_back_untried",
                operation=pgtrigger.UpdateOf("status"),  # type: ignore[no-untyped-call]
                when=pgtrigger.Before,
                condition=pgtrigger.Condition(
                    "OLD.status = 'queued' AND NEW.status = 'failed' AND NEW.failed_at < OLD.queued_at"
                ),
                func="""
                    IF EXISTS (SELECT 1 FROM outgoing_deliveryattempt tried
                               WHERE tried.email_id = NEW.id AND tried.started_at >= OLD.queued_at)
                        OR NOT EXISTS (SELECT 1 FROM outgoing_failure f
                               WHERE f.email_id = NEW.id AND f.failed_at = NEW.failed_at
                                   AND f.error_class = NEW.error_class) THEN
                        RAISE EXCEPTION 'a retry is taken back before anything was tried' USING ERRCODE = '23514';
                    END IF;
                    RETURN NEW;
                """,
            ),
            # Only the trigger that appends to the log moves its end: called from within one, the depth is not 0.
            pgtrigger.Protect(
                name="end_of_history",
                operation=pgtrigger.UpdateOf("history_length", "history_hash"),  # type: ignore[no-untyped-call]
                condition=pgtrigger.Condition(
                    "pg_trigger_depth() = 0 AND (OLD.history_length, OLD.history_hash)"
                    " IS DISTINCT FROM (NEW.history_length, NEW.history_hash)"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"Outgoing email {self.id}"

    @transaction.atomic
    def mark_queued(self, by: Actor, *, at: datetime, due_at: datetime, reason: str = "") -> None:
        """Move draft or failed → queued, which resolves its failure; raise `Conflict` from anywhere else."""
        was_failed = self.status == Status.FAILED
        self._move(
            Status.QUEUED, by, at=at, reason=reason, queued_at=at, send_at=due_at, due_at=due_at, due_reason="",
            failed_at=None, error_class="", error="", error_evidence="", resolved_at=None, resolution="",
            leased_until=None, order_key=self._order_key(),
        )  # fmt: skip
        if was_failed:
            close_failure(self.pk, resolution=Resolution.RETRIED, by=by, at=at)

    def heard_by(self) -> dict[str, UUID]:
        """Return who hears of what becomes of it: whom its mailbox is shared with, or its author alone."""
        if self.is_private or self.unsent_sharing == Sharing.PRIVATE:
            return {"user_id": self.author_id}
        return {"mailbox_id": self.mailbox_id}

    def _order_key(self) -> str:
        """Return what answers in one conversation share; what begins one waits for no other, whoever gets it."""
        return f"in {self.answers.thread_id.hex}" if self.answers is not None else ""

    def mark_draft(self, by: Actor, *, at: datetime, reason: str) -> None:
        """Move queued → draft, unless a worker is handing it over right now or may have done so."""
        is_free = Q(leased_until=None) | Q(leased_until__lt=at)
        may_be_sent = FrozenEmail.objects.filter(email=OuterRef("pk"), submitted_at__isnull=False)
        # A worker that slept past its lease must not write into what is a draft again: the number moves on.
        self._move(
            Status.DRAFT, by, at=at, reason=reason, only_if=is_free & ~Q(Exists(may_be_sent)),
            attempt=F("attempt") + 1, queued_at=None, send_at=None, due_at=None, due_reason="", leased_until=None,
        )  # fmt: skip

    def mark_sent(
        self,
        by: Actor,
        *,
        at: datetime,
        attempt: int,
        sent_at: datetime,
        gmail_message_id: str,
        gmail_thread_id: str = "",
    ) -> None:
        """Move queued → sent with the provider's receipt, as the attempt that holds the email and ends with it.

        A worker does it many times in a row: it is one statement, and the caller tells open pages afterwards.
        """
        self._check_may_become(Status.SENT)
        receipt = Receipt(sent_at, gmail_message_id, gmail_thread_id)
        if not write_receipt(self.pk, receipt, by, attempt=attempt, at=at):
            raise _changed_meanwhile()
        self.status, self.sent_at, self.due_at, self.leased_until = Status.SENT, sent_at, None, None
        self.gmail_message_id, self.gmail_thread_id = gmail_message_id, gmail_thread_id

    @transaction.atomic
    def mark_failed(
        self,
        by: Actor,
        *,
        at: datetime,
        attempt: int,
        error_class: ErrorClass,
        error: str,
        evidence: str = "",
    ) -> None:
        """Move queued → failed with the reason a person needs, as the attempt that holds the email; a failure opens."""
        self._move(
            Status.FAILED, by, at=at, only_if=Q(attempt=attempt), failed_at=at, error_class=error_class, error=error,
            error_evidence=evidence, due_at=None, due_reason="", leased_until=None,
        )  # fmt: skip
        Failure.objects.create(
            email=self, team_id=self.team_id, mailbox_id=self.mailbox_id, author_id=self.author_id,
            error_class=error_class, error=error, evidence=evidence, attempt=attempt, failed_at=at,
        )  # fmt: skip

    @transaction.atomic
    def mark_failed_as_before(self, by: Actor, *, at: datetime) -> None:
        """Move what was retried back to failed, its failure open as it was; raise `Conflict` once it was tried."""
        retried = Failure.objects.filter(email=self, resolution=Resolution.RETRIED)
        failure = retried.filter(resolved_at=self.queued_at).first()
        if failure is None:
            raise Conflict("This email was not retried.", way_out=WAYS_ON[Status(self.status)])
        was_tried = DeliveryAttempt.objects.filter(
            email=OuterRef("pk"), started_at__gte=OuterRef("queued_at")
        )
        self._move(
            Status.FAILED, by, at=at, reason=RETRY_TAKEN_BACK, only_if=Q(due_at__gt=at) & ~Q(Exists(was_tried)),
            failed_at=failure.failed_at, error_class=failure.error_class, error=failure.error,
            error_evidence=failure.evidence, attempt=F("attempt") + 1, due_at=None, due_reason="", leased_until=None,
        )  # fmt: skip
        reopen_failure(failure)

    @transaction.atomic
    def _move(
        self,
        new: Status,
        by: Actor,
        *,
        at: datetime,
        reason: str = "",
        only_if: Q | None = None,
        **fields: Any,  # columns that belong to the new status
    ) -> None:
        """Change the status and write the history row, or raise `Conflict` and change nothing."""
        old = self._check_may_become(new)
        # Compare-and-set: of two that move one email at once, the second finds no row.
        row = OutgoingEmail.objects.filter(pk=self.pk, status=old).filter(only_if or Q())
        if row.update(status=new, updated_at=at, **fields) != 1:
            raise _changed_meanwhile()
        StatusChange.objects.create(
            email=self, team_id=self.team_id, old=old, new=new, at=at, actor=by.kind, user_id=by.user_id,
            actor_name=by.name, reason=reason, attempt=self.attempt, error=fields.get("error", ""),
        )  # fmt: skip
        announce("outgoing", team_id=self.team_id, row_id=self.pk, **self.heard_by())
        self.refresh_from_db()

    def _check_may_become(self, new: Status) -> Status:
        old = Status(self.status)
        if (old, new) not in ALLOWED:
            said = "is already" if old == new else "cannot become"
            raise Conflict(f"This email {said} {new.label.lower()}.", way_out=WAYS_ON[old])
        return old


def _changed_meanwhile() -> Conflict:
    return Conflict(
        "This email is being handed over or was changed a moment ago.",
        way_out="Look at it again in a minute: by then it is sent, has failed, or waits.",
    )
