"""Activity: one line of a contact's history, and what it was before each change."""

from __future__ import annotations

import pgtrigger
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q

from letterbook.contacts.models import Contact
from letterbook.correspondence.access import Reach, SeenBySomeone, reach_of
from letterbook.correspondence.models import (
    Direction,
    Message,
    access_level,
    bcc_seen,
    is_reachable,
)
from letterbook.kit.ids import new_id
from letterbook.mailboxes.models import Sharing
from letterbook.teams.models import Membership, Team, User


class ActivityType(models.TextChoices):
    """The types that come with the project; activity_types.py knows those that other apps add."""

    EMAIL = "email", "Email"
    NOTE = "note", "Note"
    CALL = "call", "Call"
    MEETING = "meeting", "Meeting"
    TASK = "task", "Task"


def is_written_for(reach: Reach) -> Q:
    """Return the condition "people wrote it themselves, for the team or the viewer for nobody else"."""
    if reach.narrowed_to is not None:
        # Who looks as somebody else sees what both do, and of two people's own nothing is both's.
        return Q(message=None, is_private=False)
    return Q(message=None) & (Q(is_private=False) | Q(user_id=reach.user_id))


class ActivityQuerySet(models.QuerySet["Activity"]):
    def visible_to(self, member: Membership) -> ActivityQuerySet:
        """The team's notes and calls, one's own private ones, and the emails this member may know of.

        They come with their `access` level.
        """
        reach = reach_of(member)
        may_know = is_written_for(reach) | Q(
            is_reachable(reach, level=Sharing.METADATA, message_ref="message_id")
        )
        return self.filter(may_know, team_id=member.team_id).annotate(
            viewer_access=access_level(reach, message_ref="message_id"),
            viewer_bcc=bcc_seen(reach, message_ref="message_id"),
        )


_Lines = models.Manager.from_queryset(ActivityQuerySet)


class _LinesThatAreThere(_Lines["Activity"]):
    """What was deleted is in no list, count or search unless somebody asks for it by `with_deleted`."""

    def get_queryset(self) -> ActivityQuerySet:
        return ActivityQuerySet(self.model, using=self._db).filter(deleted_at=None)


class Activity(SeenBySomeone, models.Model):
    """One line of a contact's history: an email, a note, a call, a meeting, a task.

    One that was deleted stays as its own tombstone: a contact and a message have one row, so that no later retrieval
    brings it back.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # Every email brings about five lines: a column has no index where another one begins with it, and the team, which
    # is the contact's, is not looked up once more for each.
    team = models.ForeignKey(
        Team, models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="activities", db_index=False)
    type = models.CharField(max_length=40)
    message = models.ForeignKey(
        Message, models.CASCADE, null=True, blank=True, related_name="activities", db_index=False
    )
    user = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    direction = models.CharField(max_length=3, choices=Direction.choices, blank=True)
    occurred_at = models.DateTimeField()
    text = models.TextField(blank=True)
    # The folded words of the text, for search; an email's stand with its message.
    words = SearchVectorField(null=True)
    # Only who wrote it sees it. What an email shows is up to its copies.
    is_private = models.BooleanField(default=False, db_default=False)
    # How long a call or a meeting took; of a task, by when, by whom, and when it was done.
    minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    due_on = models.DateField(null=True, blank=True)
    assignee = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    done_at = models.DateTimeField(null=True, blank=True)
    pinned_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    deleted_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = _LinesThatAreThere()
    with_deleted = ActivityQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "activities"
        constraints = [
            models.CheckConstraint(
                condition=Q(message=None, words__isnull=False)
                | Q(message__isnull=False, words=None),
                name="activity_written_is_found_by_its_words",
            ),
            models.UniqueConstraint(
                fields=["contact", "message"], name="activity_once_per_contact_and_message"
            ),
            models.CheckConstraint(
                condition=Q(type="email", message__isnull=False)
                | (~Q(type="email") & Q(message__isnull=True)),
                name="activity_email_means_a_message",
            ),
            models.CheckConstraint(
                condition=~Q(type="email") | Q(direction__in=Direction.values),
                name="activity_email_has_a_direction",
            ),
            models.CheckConstraint(
                condition=~Q(type="email") | Q(text="", minutes=None, due_on=None, done_at=None),
                name="activity_email_says_what_its_message_says",
            ),
            models.CheckConstraint(
                condition=~Q(type="email") | Q(is_private=False),
                name="activity_email_is_seen_as_its_copies",
            ),
        ]
        indexes = [
            # A timeline page: one contact, newest first.
            models.Index(
                fields=["team", "contact", "-occurred_at", "-id"], name="activity_timeline"
            ),
            # From a message to its contacts.
            models.Index(
                fields=["message"], name="activity_by_message", condition=Q(message__isnull=False)
            ),
            # What people wrote themselves, among any number of emails.
            models.Index(
                fields=["team", "contact", "-occurred_at", "-id"],
                name="activity_written",
                condition=Q(message=None),
            ),
            # Search in what people wrote: by its words, and newest first where a period alone is asked for.
            GinIndex("words", name="activity_by_words", condition=Q(message=None)),
            models.Index(
                fields=["team", "-occurred_at", "-id"],
                name="activity_written_newest",
                condition=Q(message=None),
            ),
            # A person's tasks, by the day they are due.
            models.Index(
                fields=["assignee", "due_on"],
                name="activity_assigned",
                condition=Q(assignee__isnull=False, done_at=None),
            ),
            # What a person wrote down to be done, for nobody in particular.
            models.Index(
                fields=["user", "due_on"],
                name="activity_for_nobody",
                condition=Q(message=None, assignee=None, done_at=None),
            ),
            # What stands on top of a history, and what was taken out of it: few rows, whatever else there is.
            models.Index(
                fields=["contact", "-pinned_at"],
                name="activity_pinned",
                condition=Q(pinned_at__isnull=False),
            ),
            models.Index(
                fields=["contact", "-deleted_at"],
                name="activity_deleted",
                condition=Q(deleted_at__isnull=False),
            ),
        ]
        triggers = [
            # Nothing of a contact under legal hold goes, and with its line no email of theirs.
            pgtrigger.Trigger(
                name="held_stays",
                operation=pgtrigger.Delete,
                when=pgtrigger.Before,
                func="""
                    IF EXISTS (SELECT FROM contacts_contact c
                               WHERE c.id = OLD.contact_id AND c.held_at IS NOT NULL) THEN
                        RAISE EXCEPTION 'the contact is under legal hold' USING ERRCODE = '23514';
                    END IF;
                    RETURN OLD;
                """,
            ),
            # An email's line never becomes a note or another email's: what it says stands in its message.
            pgtrigger.Protect(
                name="email_stays",
                operation=pgtrigger.UpdateOf("type", "message_id"),  # type: ignore[no-untyped-call]
                condition=pgtrigger.Condition(
                    "(OLD.type IS DISTINCT FROM NEW.type OR OLD.message_id IS DISTINCT FROM NEW.message_id)"
                ),
            ),
        ]


class ActivityChangeQuerySet(models.QuerySet["ActivityChange"]):
    def visible_to(self, member: Membership) -> ActivityChangeQuerySet:
        """Changes of the activities this member may know of; what one was while it was private is its writer's."""
        is_theirs = Q(was_private=False)
        if member.looking_as is None:
            is_theirs |= Q(activity__user_id=member.user_id)
        return self.filter(
            is_theirs, team_id=member.team_id, activity__in=Activity.objects.visible_to(member)
        )


class ActivityChange(models.Model):
    """Somebody changed an activity: `was` holds the fields that changed, as they were until then."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="+", db_index=False)
    activity = models.ForeignKey(Activity, models.CASCADE, related_name="changes", db_index=False)
    user = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    at = models.DateTimeField()
    was = models.JSONField(default=dict)
    # Until then only its writer saw it: it is not shown to others because the activity is later.
    was_private = models.BooleanField(default=False, db_default=False)

    objects = ActivityChangeQuerySet.as_manager()

    class Meta:
        indexes = [
            # An activity's earlier versions, and all of a team's for whoever takes the team away.
            models.Index(fields=["activity", "at"], name="activity_change_by_activity"),
            models.Index(fields=["team"], name="activity_change_by_team"),
        ]
        triggers = [
            # Only who changed it may be forgotten, when that person's account is deleted.
            pgtrigger.ReadOnly(
                name="what_it_was_stays", fields=["team", "activity", "at", "was", "was_private"]
            ),
        ]
