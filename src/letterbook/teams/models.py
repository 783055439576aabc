"""People and teams. A `Membership` is a person acting in one team: every `visible_to` takes one."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import pgtrigger
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower

from letterbook.kit.ids import new_id


class UserManager(BaseUserManager["User"]):
    """Creates people; their address is kept as written and unique whatever its case."""

    def create_user(self, email: str, password: str | None = None, *, name: str = "") -> User:
        """Create and return a person who can sign in with this address."""
        user = self.model(email=email.strip(), name=name.strip())
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        """Return the person who signs in with this address, whatever its case."""
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """A person who signs in. What they may do and see comes from their memberships."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    email = models.EmailField("email address", max_length=254)
    name = models.CharField(max_length=120, blank=True)
    time_zone = models.CharField(max_length=60, blank=True)
    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_unique")]

    def __str__(self) -> str:
        return self.name or self.email


class Team(models.Model):
    """Who works together; every other row of Letterbook belongs to one team."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=60, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # Whether mail on which everyone is at the team's own domains is left out, and nobody there becomes a contact.
    is_internal_mail_left_out = models.BooleanField(default=True)
    # What is proposed to whoever connects a mailbox, a level of mailboxes.Sharing; None where nothing is.
    default_sharing = models.PositiveSmallIntegerField(null=True, blank=True)
    # How many audit entries there are and the last one's hash: a log with its end cut off is noticed.
    audit_length = models.PositiveIntegerField(default=0, editable=False)
    audit_hash = models.BinaryField(max_length=32, default=b"")

    class Meta:
        triggers = [
            # Only the trigger that appends to the log moves its end: called from within one, the depth is not 0.
            pgtrigger.Protect(
                name="end_of_audit",
                operation=pgtrigger.UpdateOf("audit_length", "audit_hash"),  # type: ignore[no-untyped-call]
                condition=pgtrigger.Condition(
                    "pg_trigger_depth() = 0 AND (OLD.audit_length, OLD.audit_hash)"
                    " IS DISTINCT FROM (NEW.audit_length, NEW.audit_hash)"
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    OWNER = "owner", "Owner"
    ADMIN = "admin", "Admin"
    MEMBER = "member", "Member"


class Membership(models.Model):
    """A person in a team, with a role; the one who acts and looks in every question of access."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MEMBER)
    created_at = models.DateTimeField(auto_now_add=True)

    # The token, while a program acts for this person; never stored.
    acting_token: ApiToken | None = None
    # The team-mate as whom this person looks at what they may see anyway; never stored.
    looking_as: Membership | None = None

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "user"], name="membership_once"),
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values), name="membership_role_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.team}"

    @property
    def may_administer(self) -> bool:
        """Whether this person may invite people and change the team."""
        return self.role in {Role.OWNER, Role.ADMIN}


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def unanswered(self) -> InvitationQuerySet:
        """Invitations that nobody accepted or withdrew, those that ended among them: they can be renewed."""
        return self.filter(accepted_at=None, revoked_at=None)

    def open(self, *, at: datetime) -> InvitationQuerySet:
        """Invitations that can still be accepted."""
        return self.unanswered().filter(expires_at__gt=at)

    def visible_to(self, member: Membership) -> InvitationQuerySet:
        """Only those who administer the team see its invitations."""
        return self.filter(team_id=member.team_id) if member.may_administer else self.none()


class Invitation(models.Model):
    """A link that lets one person join a team; only a digest of its token is kept."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="invitations")
    email = models.EmailField(max_length=254)
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MEMBER)
    token_digest = models.BinaryField(max_length=32, unique=True)
    invited_by = models.ForeignKey(User, models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")

    objects = InvitationQuerySet.as_manager()


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def visible_to(self, member: Membership) -> ApiTokenQuerySet:
        """One's own tokens only."""
        return self.filter(member=member)


class ApiToken(models.Model):
    """A program's right to act as one member; ends with the membership. Only a digest is kept."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    member = models.ForeignKey(Membership, models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80)
    token_digest = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()


class AuditEntryQuerySet(models.QuerySet["AuditEntry"]):
    def visible_to(self, member: Membership) -> AuditEntryQuerySet:
        """Those who administer the team read its audit log."""
        return self.filter(team_id=member.team_id) if member.may_administer else self.none()


class AuditEntry(models.Model):
    """Something a person did that others may one day ask about. Never deleted; changed only to erase whom it names.

    PostgreSQL numbers each entry and chains it: its hash covers its own content and the hash of the one before it.
    """

    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    user = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()
    what = models.CharField(max_length=60)
    subject_type = models.CharField(max_length=40, blank=True)
    subject_id = models.CharField(max_length=40, blank=True)
    details = models.JSONField(default=dict)
    number = models.PositiveIntegerField(default=0, editable=False)
    hash = models.BinaryField(max_length=32, default=b"")
    # When its details went, with whoever they named: the entry keeps its hash, and so its place (decision 0016).
    erased_at = models.DateTimeField(null=True, blank=True)

    objects = AuditEntryQuerySet.as_manager()

    class Meta:
        # The log's page: newest first within a team.
        indexes = [models.Index(fields=["team", "-at", "-id"], name="audit_by_team_and_time")]
        constraints = [
            models.UniqueConstraint(fields=["team", "number"], name="audit_entry_number_once")
        ]
        triggers = [
            pgtrigger.Trigger(
                name="append_only",
                operation=pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.Before,
                func="""
                    IF TG_OP = 'DELETE' OR NEW.erased_at IS NULL OR NEW.details <> '{}'::jsonb
                        OR to_jsonb(OLD) - '{erased_at,details}'::text[]
                            IS DISTINCT FROM to_jsonb(NEW) - '{erased_at,details}'::text[] THEN
                        RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;
                    END IF;
                    RETURN NEW;
                """,
            ),
            # Two that write into one team's log take turns, until the first has committed.
            pgtrigger.Trigger(
                name="chained",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                func="""
                    SELECT audit_length + 1, audit_hash INTO NEW.number, NEW.hash
                        FROM teams_team WHERE id = NEW.team_id FOR NO KEY UPDATE;
                    NEW.hash = teams_audit_hash(NEW.hash, NEW);
                    UPDATE teams_team
                        SET audit_length = NEW.number, audit_hash = NEW.hash WHERE id = NEW.team_id;
                    RETURN NEW;
                """,
            ),
        ]


def display_name(user: User | None) -> str:
    """Return how a person is called on pages; a person who left is "someone who left"."""
    return str(user) if user is not None else "Someone who left"
