"""Mailboxes, the grants that open them, and the addresses they may send from."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Q

from letterbook.kit.ids import new_id
from letterbook.mailboxes.allowances import Allowance as Allowance
from letterbook.mailboxes.labels import MailboxLabel as MailboxLabel
from letterbook.mailboxes.rules import LABEL_KINDS as LABEL_KINDS
from letterbook.mailboxes.rules import RuleKind as RuleKind
from letterbook.mailboxes.rules import StoringRule as StoringRule
from letterbook.teams.models import Membership, Team, User


class Sharing(models.IntegerChoices):
    """How much of a mailbox's mail the rest of the team may see; each level includes the ones before it."""

    PRIVATE = 0, "Private"
    METADATA = 1, "Who and when"
    SUBJECT = 2, "Subjects"
    FULL = 3, "Full emails"


class MailboxState(models.TextChoices):
    CONNECTED = "connected", "Connected"
    NEEDS_RECONNECTING = "needs_reconnecting", "Needs reconnecting"
    PAUSED = "paused", "Paused"
    DISCONNECTED = "disconnected", "Disconnected"


class Trouble(models.TextChoices):
    """Why a mailbox cannot be read until a person acts; who that is depends on it."""

    REVOKED = "revoked", "Google ended the permission"
    SEVEN_DAYS = "seven_days", "Google ended the permission after seven days"
    SCOPE = "scope", "A permission is missing"
    SETUP = "setup", "Google is set up wrongly"


class Kind(models.TextChoices):
    GMAIL = "gmail", "Gmail"
    IMPORT = "import", "Imported files"


class StoringPolicy(models.TextChoices):
    """Whose mail is stored, and for whom a contact is created on the way."""

    KNOWN_CONTACTS = "known", "Only mail with people who are contacts"
    WRITTEN_TO = "written_to", "The same, and people you write to become contacts"
    EVERYONE = "everyone", "Mail with anybody; everyone but lists and machines becomes a contact"

    def is_wider_than(self, other: StoringPolicy) -> bool:
        """Whether it keeps mail that the other one leaves out."""
        widths = list(StoringPolicy)
        return widths.index(self) > widths.index(other)


class MailboxQuerySet(models.QuerySet["Mailbox"]):
    def visible_to(self, member: Membership) -> MailboxQuerySet:
        """The team sees which mailboxes exist and how they fare; what is in them is another question."""
        return self.filter(team_id=member.team_id)

    def sendable_by(self, member: Membership) -> MailboxQuerySet:
        """Mailboxes this person may send from: their own Gmail accounts."""
        return self.visible_to(member).filter(owner_id=member.user_id, kind=Kind.GMAIL)

    def due(self, *, at: datetime) -> MailboxQuerySet:
        """Gmail mailboxes whose next retrieval has come."""
        return self.filter(
            Q(retrieve_next_at=None) | Q(retrieve_next_at__lte=at),
            kind=Kind.GMAIL,
            state=MailboxState.CONNECTED,
        )


class Mailbox(models.Model):
    """One account a person connected in a team, or the mailbox that imported files came from."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="mailboxes")
    owner = models.ForeignKey(User, models.PROTECT, related_name="mailboxes")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.GMAIL)
    address = models.CharField(max_length=320)
    address_key = models.CharField(max_length=320)
    sharing = models.SmallIntegerField(choices=Sharing.choices)
    policy = models.CharField(
        max_length=12, choices=StoringPolicy.choices, default=StoringPolicy.KNOWN_CONTACTS
    )

    # Whether what is deleted at the provider is hidden here, rather than kept in sight.
    is_removed_mail_hidden = models.BooleanField(default=False)

    state = models.CharField(
        max_length=20, choices=MailboxState.choices, default=MailboxState.CONNECTED
    )
    state_reason = models.CharField(max_length=300, blank=True)
    state_since = models.DateTimeField(null=True, blank=True)
    # Who paused it; a state that nobody chose has nobody.
    paused_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    trouble = models.CharField(max_length=12, choices=Trouble.choices, blank=True)
    is_sending_paused = models.BooleanField(default=False)
    sending_paused_reason = models.CharField(max_length=200, blank=True)
    sending_paused_at = models.DateTimeField(null=True, blank=True)
    sending_paused_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    sending_limited_until = models.DateTimeField(null=True, blank=True)
    reading_limited_until = models.DateTimeField(null=True, blank=True)

    # The point up to which the provider's history was read; empty before the first retrieval began.
    history_cursor = models.CharField(max_length=64, blank=True)
    # Where a listing of the whole mailbox goes on after an interruption; None when no listing is under way.
    listing_page = models.CharField(max_length=300, null=True, blank=True)  # noqa: DJ001 - empty means first page
    listing_query = models.CharField(max_length=300, blank=True)
    # Whether that listing leaves out what it shows: the mail with contacts was asked for before it began.
    is_rest_left_out = models.BooleanField(default=False)
    listed_at = models.DateTimeField(null=True, blank=True)
    # Whose old mail was asked for: that of everyone who was a contact at that time, under that policy.
    contacts_asked_at = models.DateTimeField(null=True, blank=True)
    policy_asked = models.CharField(max_length=12, blank=True)
    provider_count = models.PositiveIntegerField(null=True, blank=True)
    retrieved_at = models.DateTimeField(null=True, blank=True)
    retrieve_next_at = models.DateTimeField(null=True, blank=True)
    # How far our clock was ahead of the provider's when last read, negative where it was behind; null where that does
    # no harm.
    clock_off = models.DurationField(null=True, blank=True)
    retrieval_error = models.CharField(max_length=300, blank=True)

    connected_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = MailboxQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "mailboxes"
        constraints = [
            models.UniqueConstraint(fields=["team", "address_key"], name="mailbox_once_per_team"),
            models.CheckConstraint(
                condition=Q(sharing__in=Sharing.values), name="mailbox_sharing_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=MailboxState.values), name="mailbox_state_known"
            ),
            models.CheckConstraint(
                condition=Q(is_sending_paused=True)
                | Q(sending_paused_reason="", sending_paused_at=None, sending_paused_by=None),
                name="mailbox_reason_only_while_sending_is_paused",
            ),
            models.CheckConstraint(
                condition=Q(state=MailboxState.PAUSED) | Q(paused_by=None),
                name="mailbox_paused_by_only_while_paused",
            ),
        ]
        indexes = [
            # MailboxQuerySet.due(): a few rows of many mailboxes, every few seconds.
            models.Index(
                F("retrieve_next_at").asc(nulls_first=True),
                condition=Q(kind="gmail", state="connected"),
                name="mailbox_due",
            ),
        ]

    def __str__(self) -> str:
        return self.address

    @property
    def is_connected(self) -> bool:
        """Whether it may be read from and sent from now."""
        return self.state == MailboxState.CONNECTED


class Grant(models.Model):
    """A mailbox's permission from Google, encrypted and bound to the mailbox it was given for."""

    mailbox = models.OneToOneField(Mailbox, models.CASCADE, primary_key=True, related_name="grant")
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    refresh_token_sealed = models.BinaryField()
    access_token_sealed = models.BinaryField(null=True, blank=True)
    access_expires_at = models.DateTimeField(null=True, blank=True)
    scopes = models.TextField()
    granted_at = models.DateTimeField()

    def __repr__(self) -> str:
        return f"<Grant of mailbox {self.mailbox_id}>"


class SendAsAddressQuerySet(models.QuerySet["SendAsAddress"]):
    def visible_to(self, member: Membership) -> SendAsAddressQuerySet:
        """Addresses of the mailboxes this person may send from."""
        return self.filter(team_id=member.team_id, mailbox__owner_id=member.user_id)


class SendAsAddress(models.Model):
    """An address a mailbox may send from, as Google verified it. Also tells which addresses are our own."""

    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="send_as")
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    address = models.CharField(max_length=320)
    key = models.CharField(max_length=320)
    name = models.CharField(max_length=200, blank=True)
    signature_html = models.TextField(blank=True)
    # Where answers shall go instead, as its owner chose in Gmail's settings.
    reply_to = models.CharField(max_length=320, blank=True, default="")
    is_primary = models.BooleanField(default=False)
    is_default = models.BooleanField(default=False)
    is_verified = models.BooleanField(default=False)

    objects = SendAsAddressQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["mailbox", "key"], name="send_as_once_per_mailbox")
        ]
        # Which addresses are the team's own: read once per stored batch.
        indexes = [models.Index(fields=["team", "key"], name="send_as_by_team_and_key")]
