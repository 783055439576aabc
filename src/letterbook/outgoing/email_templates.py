"""Texts that are written once and sent to many, one at a time: a person's own, or the whole team's."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from letterbook.kit.ids import new_id
from letterbook.teams.models import Membership, Team, User


class EmailTemplateQuerySet(models.QuerySet["EmailTemplate"]):
    def visible_to(self, member: Membership) -> EmailTemplateQuerySet:
        """One's own and the team's; a team-mate's own are nobody else's."""
        return self.filter(Q(owner=None) | Q(owner=member), team_id=member.team_id)

    def writable_by(self, member: Membership) -> EmailTemplateQuerySet:
        """One's own, and of the team's those one made; who administers the team may change all of them."""
        visible = self.visible_to(member)
        if member.may_administer:
            return visible
        return visible.filter(Q(owner=member) | Q(created_by_id=member.user_id))


class EmailTemplate(models.Model):
    """A subject and a text with merge fields, such as {{ contact.first_name }}. Without an owner it is the team's."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    owner = models.ForeignKey(Membership, models.CASCADE, null=True, blank=True, related_name="+")
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    name = models.CharField(max_length=120)
    subject = models.TextField(blank=True)
    html = models.TextField(blank=True)
    # An email made of it carries List-Unsubscribe, so that the recipient's mail program offers a way out.
    asks_unsubscribe = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = EmailTemplateQuerySet.as_manager()

    class Meta:
        constraints = [
            # Also what the menu of templates is read by.
            models.UniqueConstraint(
                fields=["team", "owner", "name"],
                name="email_template_name_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(condition=~Q(name=""), name="email_template_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_team(self) -> bool:
        """Whether the whole team uses it."""
        return self.owner_id is None
