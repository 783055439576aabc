"""The one look of each status: its shape, its icon and its word."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stamp:
    shape: str
    icon: str
    word: str


# The class names are written out in full: the style sheet is built from those found in this file.
STAMPS = {
    "draft": Stamp("stamp-draft", "lucide--pencil-line", "Draft"),
    "queued": Stamp("stamp-queued", "lucide--clock", "Queued"),
    "leaving": Stamp("stamp-queued", "lucide--undo-2", "Queued"),
    "retrying": Stamp("stamp-queued", "lucide--rotate-cw", "Queued"),
    "waiting_for_mailbox": Stamp("stamp-queued", "lucide--unplug", "Queued"),
    "held": Stamp("stamp-queued", "lucide--pause", "Queued"),
    "sending": Stamp("stamp-sending", "lucide--arrow-up-from-line", "Sending"),
    "sent": Stamp("stamp-sent", "lucide--check", "Sent"),
    "failed": Stamp("stamp-failed", "lucide--triangle-alert", "Failed"),
    "unconfirmed": Stamp("stamp-ask", "lucide--circle-help", "Unconfirmed"),
    "bounced": Stamp("stamp-bounced", "lucide--mail-x", "Bounced"),
    "complaint": Stamp("stamp-bounced", "lucide--thumbs-down", "Complaint"),
    "delayed": Stamp("stamp-fact", "lucide--hourglass", "Delayed"),
    "away": Stamp("stamp-fact", "lucide--palmtree", "Away"),
    "answered": Stamp("stamp-fact", "lucide--reply", "Answered"),
    "looking": Stamp("stamp-fact", "lucide--eye", "Being read"),
    "private": Stamp("stamp-fact", "lucide--lock", "Private"),
    "needs_reconnecting": Stamp("stamp-ask", "lucide--unplug", "Needs reconnecting"),
    "incomplete": Stamp("stamp-ask", "lucide--circle-dashed", "Incomplete"),
    "retrieving": Stamp("stamp-sending", "lucide--download", "Retrieving"),
    "first_retrieval": Stamp("stamp-sending", "lucide--download", "First retrieval"),
    "agrees": Stamp("stamp-sent", "lucide--scale", "Counts agree"),
    "paused": Stamp("stamp-queued", "lucide--pause", "Paused"),
    "quarantined": Stamp("stamp-bounced", "lucide--shield-alert", "Quarantined"),
    "due": Stamp("stamp-queued", "lucide--calendar-clock", "Due"),
    "overdue": Stamp("stamp-ask", "lucide--calendar-x", "Overdue"),
    "done": Stamp("stamp-sent", "lucide--circle-check", "Done"),
    "fact": Stamp("stamp-fact", "lucide--info", "Note"),
}


def stamp_of(status: str) -> Stamp:
    """Return the look of a status, or raise KeyError: a status without a look is a mistake of ours."""
    return STAMPS[status]
