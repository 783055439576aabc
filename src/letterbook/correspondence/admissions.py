"""People who were let in to mail that is not shared with the whole team, and those who ask to be."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from letterbook.contacts.models import Contact
from letterbook.kit.ids import new_id
from letterbook.mailboxes.models import Mailbox
from letterbook.teams.models import Membership, Team, User


class AdmissionQuerySet(models.QuerySet["Admission"]):
    def visible_to(self, member: Membership) -> AdmissionQuerySet:
        """Those to one's own mailboxes, and one's own to those of others."""
        seen = Q(mailbox__owner_id=member.user_id) | Q(user_id=member.user_id)
        return self.filter(seen, team_id=member.team_id)

    def in_force(self) -> AdmissionQuerySet:
        """Those that neither ended nor were ended, by PostgreSQL's clock."""
        return self.filter(Q(ends_at=None) | Q(ends_at__gt=Now()), ended_at=None)

    def to_whole_mailboxes(self) -> AdmissionQuerySet:
        """Those to everything in a mailbox, except what its owner made private by hand."""
        return self.filter(keys=None, thread=None)


class Admission(models.Model):
    """Somebody who may read a conversation, everything with a contact, or a whole mailbox of a team-mate.

    Its owner let them in; or, where `is_glass`, an admin broke the glass: with a reason, for a day, told to the owner.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="+", db_index=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="+", db_index=False)
    contact = models.ForeignKey(
        Contact, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    # The contact's addresses at that time: whoever edits or merges the contact later lets nobody in to more.
    keys = ArrayField(models.TextField(), null=True, blank=True)
    thread = models.ForeignKey(
        "correspondence.Thread",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    is_glass = models.BooleanField(default=False)
    reason = models.CharField(max_length=500, blank=True)
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    # When the owner of the mailbox said that they have read of broken glass.
    noticed_at = models.DateTimeField(null=True, blank=True)

    objects = AdmissionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["mailbox", "user", "keys", "thread"],
                condition=Q(ended_at__isnull=True, is_glass=False),
                nulls_distinct=False,
                name="admission_once",
            ),
            models.CheckConstraint(
                condition=Q(thread__isnull=True) | Q(keys__isnull=True, contact__isnull=True),
                name="admission_to_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(is_glass=False)
                | (
                    Q(keys__isnull=True, thread__isnull=True, ends_at__isnull=False) & ~Q(reason="")
                ),
                name="admission_by_glass_has_a_reason_and_an_end",
            ),
        ]
        indexes = [
            # Who may look into which whole mailboxes: asked by every request.
            models.Index(
                fields=["user", "mailbox"],
                condition=Q(ended_at__isnull=True, keys__isnull=True, thread__isnull=True),
                name="admission_to_mailboxes",
            ),
            # A mailbox's, newest first.
            models.Index(fields=["mailbox", "-begins_at", "-id"], name="admission_list"),
            # Those to a conversation, or a contact's mail.
            models.Index(
                fields=["thread"], condition=Q(thread__isnull=False), name="admission_by_thread"
            ),
            models.Index(
                fields=["contact"], condition=Q(contact__isnull=False), name="admission_by_contact"
            ),
        ]


class Answer(models.TextChoices):
    """What the owner of a mailbox says to somebody who asks to read more."""

    THREAD = "thread", "This conversation"
    CONTACT = "contact", "Everything with this contact"
    ALWAYS = "always", "Everything in this mailbox"
    NO = "no", "No"


class AccessRequestQuerySet(models.QuerySet["AccessRequest"]):
    def visible_to(self, member: Membership) -> AccessRequestQuerySet:
        """What one asked, and what one was asked for."""
        seen = Q(mailbox__owner_id=member.user_id) | Q(asked_by_id=member.user_id)
        return self.filter(seen, team_id=member.team_id)

    def open(self) -> AccessRequestQuerySet:
        """Those that wait for an answer."""
        return self.filter(answered_at=None)


class AccessRequest(models.Model):
    """A team-mate's wish to read a conversation that they know of but may not read."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="+", db_index=False)
    asked_by = models.ForeignKey(User, models.CASCADE, related_name="+", db_index=False)
    thread = models.ForeignKey("correspondence.Thread", models.CASCADE, related_name="+")
    # Whose page they asked from, so that the answer can be about everything with that contact.
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, blank=True, related_name="+")
    asked_at = models.DateTimeField()
    answer = models.CharField(max_length=10, choices=Answer.choices, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    objects = AccessRequestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["asked_by", "mailbox", "thread"],
                condition=Q(answered_at__isnull=True),
                name="access_request_once",
            ),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True, answer="")
                | (Q(answered_at__isnull=False) & Q(answer__in=Answer.values)),
                name="access_request_answered_means_an_answer",
            ),
        ]
        # What waits for a mailbox's owner, and what they answered, newest first.
        indexes = [models.Index(fields=["mailbox", "-asked_at", "-id"], name="access_request_list")]
