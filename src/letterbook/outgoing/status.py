"""The four statuses of an outgoing email and the moves between them.

    draft ⇄ queued → sent        queue, cancel; deliver
             ⇅
           failed                fail, retry; take the retry back

| move | when | what is written beside it |
|---|---|---|
| draft → queued | somebody queues it | its exact bytes |
| queued → draft | cancelled, unless a worker holds it or it may have been sent | why |
| queued → sent | the provider accepted it | the provider's ids and time |
| queued → failed | refused for good, or nobody can know | a new failure, open |
| failed → queued | retried, by a person or because the cause is gone | its failure is resolved |
| queued → failed | a retry is taken back, before anything was tried | its failure is open again, as it was |

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
        (
            Status.QUEUED,
            Status.FAILED,
        ),  # refused for good, nobody can know, or its retry is taken back
        (Status.FAILED, Status.QUEUED),  # retry
    }
)


# What the history says of a move queued → failed that a person made.
RETRY_TAKEN_BACK = "Retry taken back"

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
