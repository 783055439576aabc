"""What a mailbox's owner chose for one contact or one conversation, where that is not what the mailbox says."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from letterbook.contacts.models import Contact
from letterbook.mailboxes.models import Mailbox, Sharing
from letterbook.teams.models import Membership, Team


class SharingChoiceQuerySet(models.QuerySet["SharingChoice"]):
    def visible_to(self, member: Membership) -> SharingChoiceQuerySet:
        """Those of one's own mailboxes: what somebody keeps to themselves is their business."""
        return self.filter(team_id=member.team_id, mailbox__owner_id=member.user_id)


class SharingChoice(models.Model):
    """How much team-mates see of a mailbox's mail in one conversation, or with one contact."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="+", db_index=False)
    contact = models.ForeignKey(
        Contact, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    # The contact's addresses when it was chosen: whoever edits, merges or deletes the contact later widens nothing.
    keys = ArrayField(models.TextField(), null=True, blank=True)
    thread = models.ForeignKey(
        "correspondence.Thread",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    level = models.SmallIntegerField(choices=Sharing.choices)
    chosen_at = models.DateTimeField()

    objects = SharingChoiceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["thread", "mailbox"],
                condition=Q(thread__isnull=False),
                name="sharing_choice_once_per_thread",
            ),
            models.UniqueConstraint(
                fields=["contact", "mailbox"],
                condition=Q(contact__isnull=False),
                name="sharing_choice_once_per_contact",
            ),
            models.CheckConstraint(
                condition=Q(thread__isnull=False, contact__isnull=True, keys__isnull=True)
                | Q(thread__isnull=True, keys__isnull=False),
                name="sharing_choice_is_about_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(level__in=Sharing.values), name="sharing_choice_level_known"
            ),
        ]
        # A mailbox's choices, newest first.
        indexes = [
            models.Index(fields=["mailbox", "-chosen_at", "-id"], name="sharing_choice_list")
        ]


class HidingLabelsQuerySet(models.QuerySet["HidingLabels"]):
    def visible_to(self, member: Membership) -> HidingLabelsQuerySet:
        """Those of one's own mailboxes."""
        return self.filter(team_id=member.team_id, mailbox__owner_id=member.user_id)


class HidingLabels(models.Model):
    """Labels whose mail nobody else sees; a mailbox without a row has the one called Private, if that is there."""

    mailbox = models.OneToOneField(
        Mailbox, models.CASCADE, primary_key=True, related_name="hiding_labels"
    )
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    labels = ArrayField(models.CharField(max_length=120), default=list)
    chosen_at = models.DateTimeField()

    objects = HidingLabelsQuerySet.as_manager()
