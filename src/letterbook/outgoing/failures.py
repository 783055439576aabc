"""Each time an email failed: open until it is resolved, and kept with how it was resolved and by whom."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import pgtrigger
from django.db import models
from django.db.models import IntegerField, Q, Value

from letterbook.correspondence.access import SeenBySomeone, reach_of
from letterbook.kit.ids import new_id
from letterbook.mailboxes.models import Mailbox, Sharing
from letterbook.outgoing.actors import Actor, ActorKind
from letterbook.outgoing.shared_emails import is_known, is_own, level_seen
from letterbook.outgoing.status import ErrorClass
from letterbook.teams.models import Membership, Team, User


class Resolution(models.TextChoices):
    """What ended a failure."""

    RETRIED = "retried", "Queued again"
    SENT = "sent", "It was sent"
    EDITED = "edited", "Written anew and queued"
    DISMISSED = "dismissed", "Left as it is"


class FailureQuerySet(models.QuerySet["Failure"]):
    def visible_to(self, member: Membership) -> FailureQuerySet:
        """One's own and one's mailboxes' failures, and a team-mate's as far as the mailbox is shared.

        Each carries its `access` level.
        """
        reach = reach_of(member)
        known = is_known(member, reach, email="email__", with_drafts=True)
        found = self.filter(known, team_id=member.team_id)
        return found.annotate(viewer_access=level_seen(member, reach, email="email__"))

    def writable_by(self, member: Membership) -> FailureQuerySet:
        """Failures this member may resolve: of their own email, and of what leaves from their mailbox."""
        own = self.filter(is_own(member, reach_of(member)), team_id=member.team_id)
        return own.annotate(viewer_access=Value(int(Sharing.FULL), output_field=IntegerField()))

    def open(self) -> FailureQuerySet:
        """Those that nobody, and nothing, has resolved yet."""
        return self.filter(resolved_at=None)


class Failure(SeenBySomeone, models.Model):
    """One time that an email failed: why, and what became of it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    email = models.ForeignKey("outgoing.OutgoingEmail", models.CASCADE, related_name="failures")
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    # As they were when it failed: a draft may be given another mailbox later.
    mailbox = models.ForeignKey(Mailbox, models.PROTECT, related_name="+")
    author = models.ForeignKey(User, models.PROTECT, related_name="+")
    error_class = models.CharField(max_length=20, choices=ErrorClass.choices)
    error = models.TextField()
    evidence = models.TextField(blank=True)
    attempt = models.PositiveIntegerField(default=0)
    failed_at = models.DateTimeField()
    # When the person concerned was told of it by email.
    told_at = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolution = models.CharField(max_length=20, choices=Resolution.choices, blank=True)
    resolved_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    # Who moved it: the worker means "by itself".
    resolved_as = models.CharField(max_length=10, choices=ActorKind.choices, blank=True)

    objects = FailureQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["email"], condition=Q(resolved_at=None), name="failure_open_once_per_email"
            ),
            models.CheckConstraint(
                condition=Q(resolved_at=None, resolution="", resolved_as="")
                | (Q(resolved_at__isnull=False) & ~Q(resolution="") & ~Q(resolved_as="")),
                name="failure_resolved_says_how",
            ),
        ]
        indexes = [
            # The failure desk: what is open in a team, newest first. Few rows, whatever else there is.
            models.Index(
                fields=["team", "-failed_at", "-id"],
                condition=Q(resolved_at=None),
                name="failure_open",
            ),
            # The same with what was resolved.
            models.Index(fields=["team", "-failed_at", "-id"], name="failure_by_time"),
            # What a reconnected mailbox lets go again, and whom to tell, over all teams.
            models.Index(
                fields=["mailbox", "error_class"],
                condition=Q(resolved_at=None),
                name="failure_open_by_mailbox",
            ),
        ]
        triggers = [
            # What happened does not change; only what became of it is written later.
            pgtrigger.ReadOnly(
                name="facts_stay",
                fields=["email", "team", "mailbox", "author", "error_class", "failed_at"],
            ),
            pgtrigger.Protect(
                name="error_stays",
                operation=pgtrigger.UpdateOf("error"),  # type: ignore[no-untyped-call]
                condition=pgtrigger.Condition(
                    "(OLD.error IS DISTINCT FROM NEW.error AND NEW.error <> 'Erased with the contact.')"
                ),
            ),
            pgtrigger.Protect(name="kept", operation=pgtrigger.Delete),
            # What was resolved is open again only where its email is failed again, as it was.
            pgtrigger.Trigger(
                name="reopened_with_its_email",
                operation=pgtrigger.UpdateOf("resolved_at"),  # type: ignore[no-untyped-call]
                when=pgtrigger.Before,
                condition=pgtrigger.Condition(
                    "OLD.resolved_at IS NOT NULL AND NEW.resolved_at IS NULL"
                ),
                func="""
                    IF NOT EXISTS (SELECT 1 FROM outgoing_outgoingemail email
                                   WHERE email.id = NEW.email_id AND email.status = 'failed'
                                       AND email.failed_at = NEW.failed_at
                                       AND email.error_class = NEW.error_class) THEN
                        RAISE EXCEPTION 'a failure is open again with its email' USING ERRCODE = '23514';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"Failure {self.id}"

    @property
    def is_open(self) -> bool:
        """Whether something still has to be done."""
        return self.resolved_at is None

    @property
    def was_resolved_by_itself(self) -> bool:
        """Whether no person had to do anything."""
        return self.resolved_as == ActorKind.WORKER


def close_failure(email_id: UUID, *, resolution: Resolution, by: Actor, at: datetime) -> None:
    """Resolve an email's open failure, if there is one; in the transaction that also moves the email."""
    Failure.objects.filter(email_id=email_id, resolved_at=None).update(
        resolved_at=at, resolution=resolution, resolved_by_id=by.user_id, resolved_as=by.kind
    )


def reopen_failure(failure: Failure) -> None:
    """Open a failure again because its retry was taken back; in the transaction that also moves the email."""
    Failure.objects.filter(pk=failure.pk).update(
        resolved_at=None, resolution="", resolved_by=None, resolved_as=""
    )
