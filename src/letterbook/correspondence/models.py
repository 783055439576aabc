"""Stored email: messages once per team, the threads they form, and each mailbox's ledger of what it showed us."""

from __future__ import annotations

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Exists, IntegerField, OuterRef, Q, Value

from letterbook.correspondence.access import Reach, SeenBySomeone, reach_of
from letterbook.correspondence.admissions import AccessRequest as AccessRequest
from letterbook.correspondence.admissions import Admission as Admission
from letterbook.correspondence.conditions import BlindPerson as BlindPerson
from letterbook.correspondence.conditions import access_level as access_level
from letterbook.correspondence.conditions import bcc_of as bcc_of
from letterbook.correspondence.conditions import bcc_seen as bcc_seen
from letterbook.correspondence.conditions import is_held as is_held
from letterbook.correspondence.conditions import is_held_one_by_one as is_held_one_by_one
from letterbook.correspondence.conditions import is_reachable as is_reachable
from letterbook.correspondence.conditions import (
    is_reachable_one_by_one as is_reachable_one_by_one,
)
from letterbook.correspondence.conditions import seen_copies as seen_copies
from letterbook.correspondence.conditions import tells_bcc as tells_bcc
from letterbook.correspondence.conditions import tells_bcc_key as tells_bcc_key
from letterbook.correspondence.copies import OF_A_FILE as OF_A_FILE
from letterbook.correspondence.copies import LedgerState as LedgerState
from letterbook.correspondence.copies import MailboxMessage as MailboxMessage
from letterbook.correspondence.copies import QuarantinedSource as QuarantinedSource
from letterbook.correspondence.copies import SkipReason as SkipReason
from letterbook.correspondence.facts import FactKind as FactKind
from letterbook.correspondence.facts import LaterFact as LaterFact
from letterbook.correspondence.facts import UnplacedReport as UnplacedReport
from letterbook.correspondence.openings import Opening as Opening
from letterbook.correspondence.private_emails import PrivateEmail as PrivateEmail
from letterbook.correspondence.private_emails import PrivateMessage as PrivateMessage
from letterbook.correspondence.sharing_choices import HidingLabels as HidingLabels
from letterbook.correspondence.sharing_choices import SharingChoice as SharingChoice
from letterbook.kit.ids import new_id
from letterbook.mailboxes.models import Mailbox, Sharing
from letterbook.teams.models import Membership, Team, User


class ThreadQuerySet(models.QuerySet["Thread"]):
    def visible_to(self, member: Membership) -> ThreadQuerySet:
        """Threads with at least one message this member may know of."""
        held = MailboxMessage.objects.filter(
            seen_copies(reach_of(member), level=Sharing.METADATA), message__thread=OuterRef("pk")
        )
        return self.filter(Exists(held), team_id=member.team_id)


class Thread(models.Model):
    """Messages that answer one another, across mailboxes; the smaller of two that turn out to be one is deleted."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ThreadQuerySet.as_manager()


class ThreadKey(models.Model):
    """What ties messages to a thread: a hashed Message-ID that was seen or referred to, or a provider's thread id.

    A reply that is stored before the email it answers leaves the key that will bring the two together.
    """

    # No index of its own, here and below, where another one begins with the column: each costs every stored email.
    team = models.ForeignKey(
        Team, models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    key = models.UUIDField()
    thread = models.ForeignKey(Thread, models.CASCADE, related_name="keys")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "key"], name="thread_key_once_per_team")
        ]


class Direction(models.TextChoices):
    INCOMING = "in", "Incoming"
    OUTGOING = "out", "Outgoing"


class MessageQuerySet(models.QuerySet["Message"]):
    def visible_to(self, member: Membership, *, reach: Reach | None = None) -> MessageQuerySet:
        """Messages this member may know of, each with its `access` level."""
        reach = reach or reach_of(member)
        return self.filter(
            is_reachable(reach, level=Sharing.METADATA, message_ref="pk"), team_id=member.team_id
        ).annotate(
            viewer_access=access_level(reach, message_ref="pk"),
            viewer_bcc=bcc_seen(reach, message_ref="pk"),
        )

    def readable_by(self, member: Membership) -> MessageQuerySet:
        """Messages whose text and files this member may read."""
        reach = reach_of(member)
        return self.filter(
            is_reachable(reach, level=Sharing.FULL, message_ref="pk"), team_id=member.team_id
        ).annotate(
            viewer_access=Value(int(Sharing.FULL), output_field=IntegerField()),
            viewer_bcc=bcc_seen(reach, message_ref="pk"),
        )


class Message(SeenBySomeone, models.Model):
    """One stored email, once per team however many mailboxes hold it. Its content never changes.

    `identity` is a digest of Message-ID and content: a reused Message-ID does not merge two emails, and a second
    copy of one email does not split it. `occurred_at` is the provider's time; `date_header` is what the sender claims.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="+", db_index=False)
    thread = models.ForeignKey(Thread, models.PROTECT, related_name="messages", db_index=False)
    identity = models.BinaryField(max_length=16)
    message_id = models.TextField(blank=True)
    # Of an email that has no such header, the nearest that its References name.
    in_reply_to = models.TextField(blank=True)
    direction = models.CharField(max_length=3, choices=Direction.choices)
    sent_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    occurred_at = models.DateTimeField()
    date_header = models.DateTimeField(null=True, blank=True)
    subject = models.TextField(blank=True)
    from_name = models.TextField(blank=True)
    from_address = models.TextField(blank=True)
    # Everyone openly on it: [{"role": "from|to|cc|reply_to", "name": …, "address": …}]; a copy tells who is in Bcc.
    participants = models.JSONField(default=list)
    # The keys of everyone on it in any copy, and of those who are on it by Bcc only.
    address_keys = ArrayField(models.TextField(), default=list)
    bcc_keys = ArrayField(models.TextField(), default=list)
    snippet = models.CharField(max_length=300, blank=True)
    text = models.TextField(blank=True)
    attachments = models.JSONField(default=list)
    has_attachments = models.BooleanField(default=False)
    has_html = models.BooleanField(default=False)
    is_automatic = models.BooleanField(default=False)
    size = models.PositiveIntegerField()
    parser_version = models.PositiveSmallIntegerField()
    stored_at = models.DateTimeField(auto_now_add=True)
    # Folded words of subject (A), people (B) and own text (D); see correspondence/words.py.
    search = SearchVectorField(null=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "identity"], name="message_once_per_team"),
            models.CheckConstraint(
                condition=Q(direction__in=Direction.values), name="message_direction_known"
            ),
        ]
        indexes = [
            # A conversation in order.
            models.Index(fields=["thread", "occurred_at", "id"], name="message_by_thread"),
            # Search results: newest first within a team. Insights, which count emails by the hundred thousand, find all
            # that they ask of each in here. (No address has more than 320 characters.)
            models.Index(
                fields=["team", "-occurred_at", "-id"],
                include=["thread", "direction", "is_automatic", "from_address"],
                name="message_by_time",
            ),
            # What somebody wrote: few messages have a sender among us.
            models.Index(
                fields=["sent_by"], condition=Q(sent_by__isnull=False), name="message_by_sender"
            ),
            # Linking a new contact's address to the mail already stored.
            GinIndex("address_keys", name="message_by_address"),
            GinIndex("search", name="message_by_words"),
        ]
        triggers = [
            # Who sent it, its conversation and who else got it may be learnt later; what it says is not.
            pgtrigger.ReadOnly(
                name="content_stays",
                fields=[
                    *(
                        "team",
                        "identity",
                        "message_id",
                        "in_reply_to",
                        "occurred_at",
                        "date_header",
                    ),
                    *("subject", "from_name", "from_address", "participants", "snippet", "text"),
                    *("attachments", "has_attachments", "has_html", "size"),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"Message {self.id}"


class MessageSource(models.Model):
    """The exact bytes of a message as one mailbox held it, zstd-compressed."""

    message = models.OneToOneField(Message, models.CASCADE, primary_key=True, related_name="source")
    team = models.ForeignKey(
        Team, models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    mailbox = models.ForeignKey(
        Mailbox, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    raw_zstd = models.BinaryField()
    sha256 = models.BinaryField(max_length=32)

    class Meta:
        triggers = [
            pgtrigger.ReadOnly(name="source_stays", fields=["message", "raw_zstd", "sha256"])
        ]
