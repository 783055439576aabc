"""The four statuses of an outgoing email and the moves between them.

    draft ⇄ queued → sent        queue, cancel; deliver
             ⇅
           failed                fail, retry

`sent` is final: later facts (a bounce, an answer) are recorded beside it.
"""

from __future__ import annotations

from django.db import models


class Status(models.TextChoices):
    DRAFT = "draft", "Draft"
    QUEUED = "queued", "Queued"
    SENT = "sent", "Sent"
    FAILED = "failed", "Failed"


ALLOWED: frozenset[tuple[Status, Status]] = frozenset(
    {
        (Status.DRAFT, Status.QUEUED),  # queue
        (Status.QUEUED, Status.DRAFT),  # cancel
        (Status.QUEUED, Status.SENT),  # the provider accepted it
        (Status.QUEUED, Status.FAILED),  # refused for good, or nobody can know
        (Status.FAILED, Status.QUEUED),  # retry
    }
)


# What can be done about an email in each status: where another verb was asked for, these are the ways out.
WAYS_ON: dict[Status, str] = {
    Status.DRAFT: "It is a draft: go on writing, or queue it.",
    Status.QUEUED: "It is queued: wait until it leaves, or cancel it to have the draft back.",
    Status.SENT: "It is sent, which is final: duplicate it to send it once more.",
    Status.FAILED: "It failed: retry it, write it anew, or leave it as it is.",
}


class ErrorClass(models.TextChoices):
    """Why an email failed, by what must be done next."""

    REJECTED = "rejected", "Refused for good: edit it and send it again"
    NO_ANSWER = "gave_up", "Could not be handed over in time: retry"
    NEEDS_RECONNECTING = "needs_reconnecting", "The mailbox needs reconnecting"
    NOT_PERMITTED = "not_permitted", "Its author may no longer send from this mailbox"
    SETUP_WRONG = "setup_wrong", "Google is set up wrongly on this server: ask an admin"
    UNCONFIRMED = "unconfirmed", "Nobody can know whether it was sent: look, then decide"


class Outcome(models.TextChoices):
    """How one attempt ended."""

    ACCEPTED = "accepted", "Accepted"
    REFUSED = "refused", "Refused"
    UNKNOWN = "unknown", "Unknown"
