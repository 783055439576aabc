"""Copies: what each mailbox showed us, one row a message, and how far the team may see into each."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from letterbook.mailboxes.models import Mailbox, Sharing, StoringRule
from letterbook.teams.models import Membership, Team

# How the id of a message begins that no provider showed: the rest is a digest of its source.
OF_A_FILE = "file:"


class LedgerState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    STORED = "stored", "Stored"
    SKIPPED = "skipped", "Skipped"
    QUARANTINED = "quarantined", "Quarantined"
    GONE = "gone", "Gone"


class SkipReason(models.TextChoices):
    NO_CONTACT = "no_contact", "nobody on it is a contact"
    NO_PERSON = "no_person", "nobody on it could be a contact"
    NOT_FETCHED = "not_fetched", "Gmail finds no contact on it"
    BULK = "bulk", "from a mailing list or a machine, with nobody on it who is a contact"
    RULE = "rule", "an address or domain on it is left out"
    LABEL = "label", "its label is left out"
    NO_LABEL = "no_label", "it has none of the labels that are kept"
    INTERNAL = "internal", "mail among colleagues"
    DRAFT = "draft", "a draft"
    CHAT = "chat", "a chat message"
    SPAM = "spam", "in spam"
    TRASH = "trash", "in the bin"
    DISMISSED = "dismissed", "could not be read, and was dismissed"
    ERASED = "erased", "somebody on it was erased"
    UNPLACED_REPORT = "unplaced_report", "a delivery report about an email that is not here"


class MailboxMessageQuerySet(models.QuerySet["MailboxMessage"]):
    def visible_to(self, member: Membership) -> MailboxMessageQuerySet:
        """The ledger is its mailbox owner's."""
        return self.filter(team_id=member.team_id, mailbox__owner_id=member.user_id)

    def at_provider(self) -> MailboxMessageQuerySet:
        """Those that the mailbox's provider showed; what came from a file it knows nothing of."""
        return self.exclude(provider_id__startswith=OF_A_FILE)


class MailboxMessage(models.Model):
    """What we know of one message in one mailbox: work queue, duplicate guard, decision ledger and proof in one row."""

    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="messages", db_index=False)
    team = models.ForeignKey(
        Team, models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    provider_id = models.CharField(max_length=80)
    provider_thread_id = models.CharField(max_length=80, blank=True)
    state = models.CharField(
        max_length=12, choices=LedgerState.choices, default=LedgerState.WAITING
    )
    reason = models.CharField(max_length=40, blank=True)
    # Which rule left it out; removing the rule lets the message be decided about again.
    rule = models.ForeignKey(
        StoringRule, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    error = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    message = models.ForeignKey(
        "correspondence.Message",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="copies",
        db_index=False,
    )
    # What this copy was of, while it is hidden because it was deleted at the provider: no gate finds it then.
    hidden_message = models.ForeignKey(
        "correspondence.Message",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="hidden_copies",
        db_index=False,
    )
    labels = ArrayField(models.CharField(max_length=120), default=list)
    # Whom this copy names in Bcc: [{"name": …, "address": …, "key": …}]; None for nobody. Mostly the sender's own copy.
    bcc = models.JSONField(null=True, blank=True)
    # How much of this copy team-mates may see, where that is not what the mailbox says: less or more of it.
    shared_as = models.SmallIntegerField(choices=Sharing.choices, null=True, blank=True)
    # The people who were let in to see all of it; None for nobody.
    shared_with = ArrayField(models.UUIDField(), null=True, blank=True)
    provider_at = models.DateTimeField(null=True, blank=True)
    listed_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    is_removed_at_source = models.BooleanField(default=False)
    # When the mailbox's owner said that it needs no answer of theirs.
    waived_at = models.DateTimeField(null=True, blank=True)
    try_after = models.DateTimeField(null=True, blank=True)

    objects = MailboxMessageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["mailbox", "provider_id"], name="mailbox_message_once"),
            models.CheckConstraint(
                condition=Q(state__in=LedgerState.values), name="mailbox_message_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state="stored", message__isnull=False)
                | (~Q(state="stored") & Q(message__isnull=True)),
                name="mailbox_message_stored_means_a_message",
            ),
            models.CheckConstraint(
                condition=~Q(state="skipped", reason=""),
                name="mailbox_message_skipped_has_a_reason",
            ),
            models.CheckConstraint(
                condition=~Q(state="quarantined", error=""),
                name="mailbox_message_quarantined_has_an_error",
            ),
            models.CheckConstraint(
                condition=Q(shared_as__isnull=True) | Q(shared_as__in=Sharing.values),
                name="mailbox_message_shared_as_known",
            ),
        ]
        indexes = [
            # The work queue: what is waiting, newest first (provider ids grow with time).
            models.Index(
                fields=["mailbox", "-provider_id"],
                condition=Q(state="waiting"),
                name="mailbox_message_waiting",
            ),
            # Which mailboxes hold a message, and for whom: asked by every `visible_to`.
            models.Index(
                fields=["message", "mailbox"],
                include=["shared_as", "shared_with"],
                condition=Q(message__isnull=False),
                name="mailbox_message_copies",
            ),
            # Whether a copy that the viewer may read tells who got the email by Bcc; few copies do.
            models.Index(
                fields=["message"], condition=Q(bcc__isnull=False), name="mailbox_message_bcc"
            ),
            # Copies that are hidden, when their message is erased.
            models.Index(
                fields=["hidden_message"],
                condition=Q(hidden_message__isnull=False),
                name="mailbox_message_hidden",
            ),
            # What a rule left out, for when it is removed.
            models.Index(
                fields=["rule"], condition=Q(rule__isnull=False), name="mailbox_message_rule"
            ),
            # The counts of a mailbox's ledger, and its quarantine.
            models.Index(fields=["mailbox", "state", "reason"], name="mailbox_message_states"),
        ]

    @property
    def is_of_a_file(self) -> bool:
        """Whether it came from an imported file, and not from the mailbox's provider."""
        return self.provider_id.startswith(OF_A_FILE)


class QuarantinedSource(models.Model):
    """The bytes of a message that could not be read, kept so that a better parser can try again."""

    mailbox_message = models.OneToOneField(
        MailboxMessage, models.CASCADE, primary_key=True, related_name="quarantined_source"
    )
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    raw_zstd = models.BinaryField()
    parser_version = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
