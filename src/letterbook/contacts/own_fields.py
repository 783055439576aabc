"""What a team adds to its contacts: tags to group them by, and fields of its own."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from letterbook.kit.ids import new_id
from letterbook.teams.models import Membership, Team


class Colour(models.TextChoices):
    """The theme's colours of a tag; each has a light and a dark form in the style sheet."""

    PLAIN = "plain", "Plain"
    BLUE = "blue", "Blue"
    GREEN = "green", "Green"
    AMBER = "amber", "Amber"
    RED = "red", "Red"


class TagQuerySet(models.QuerySet["Tag"]):
    def visible_to(self, member: Membership) -> TagQuerySet:
        """Tags belong to the whole team."""
        return self.filter(team_id=member.team_id)


class Tag(models.Model):
    """A word that a team puts on contacts; a contact's are in `Contact.tag_ids`."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="+", db_index=False)
    name = models.CharField(max_length=60)
    key = models.CharField(max_length=60)
    colour = models.CharField(max_length=10, choices=Colour.choices, default=Colour.PLAIN)

    objects = TagQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "key"], name="tag_once_per_team"),
            models.CheckConstraint(condition=~models.Q(key=""), name="tag_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name


class FieldKind(models.TextChoices):
    TEXT = "text", "Text"
    NUMBER = "number", "Number"
    DATE = "date", "Date"
    CHOICE = "choice", "Choice"
    LINK = "link", "Link"


class CustomFieldQuerySet(models.QuerySet["CustomField"]):
    def visible_to(self, member: Membership) -> CustomFieldQuerySet:
        """Fields belong to the whole team."""
        return self.filter(team_id=member.team_id)


class CustomField(models.Model):
    """A field that a team gave its contacts; a contact's values are in `Contact.custom`, by the field's id."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="+", db_index=False)
    name = models.CharField(max_length=60)
    key = models.CharField(max_length=60)
    kind = models.CharField(max_length=10, choices=FieldKind.choices)
    choices = ArrayField(models.CharField(max_length=100), default=list, blank=True)

    objects = CustomFieldQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "key"], name="custom_field_once_per_team"),
            models.CheckConstraint(condition=~models.Q(key=""), name="custom_field_has_a_name"),
            models.CheckConstraint(
                condition=models.Q(kind=FieldKind.CHOICE) | models.Q(choices=[]),
                name="custom_field_choices_of_a_choice",
            ),
        ]

    def __str__(self) -> str:
        return self.name
