"""What belongs to an email that is written: everyone it goes to, and the files that go with it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from letterbook.contacts.models import Contact
from letterbook.kit.ids import new_id
from letterbook.teams.models import Team


class RecipientKind(models.TextChoices):
    TO = "to", "To"
    CC = "cc", "Cc"
    BCC = "bcc", "Bcc"


class Recipient(models.Model):
    """One person an email goes to. Bcc is for those who may read the email's content."""

    email = models.ForeignKey("outgoing.OutgoingEmail", models.CASCADE, related_name="recipients")
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=3, choices=RecipientKind.choices)
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=200, blank=True)
    address = models.CharField(max_length=320)
    key = models.CharField(max_length=320)
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["email", "key"], name="recipient_once_per_email")
        ]
        # A contact's queued and failed email.
        indexes = [models.Index(fields=["contact", "email"], name="recipient_by_contact")]

    def as_typed(self) -> str:
        """Return the address as a person would type it."""
        if not self.name:
            return self.address
        name = self.name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{name}" <{self.address}>'


class OutgoingAttachment(models.Model):
    """A file that goes with an email; with a content id it is a picture that the text shows as `cid:…`."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    email = models.ForeignKey("outgoing.OutgoingEmail", models.CASCADE, related_name="attachments")
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    filename = models.CharField(max_length=200)
    content_type = models.CharField(max_length=120)
    size = models.PositiveIntegerField()
    content = models.BinaryField()
    content_id = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["email", "content_id"],
                condition=~Q(content_id=""),
                name="outgoing_picture_once_per_email",
            )
        ]

    @property
    def is_picture(self) -> bool:
        """Whether it belongs into the text instead of beside it."""
        return self.content_id != ""
