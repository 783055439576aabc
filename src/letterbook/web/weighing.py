"""What somebody should look at before they send: each caution once, with its fix beside it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from letterbook.outgoing.cautions import Caution, cautions_of
from letterbook.outgoing.models import OutgoingEmail
from letterbook.teams.models import Membership
from letterbook.web.typed import Typed

_COLLEAGUE = "colleague_"
_FIXES = {
    "bounced_address": "remove",
    "unsubscribed": "remove",
    "look_alike": "correct",
    "many_recipients": "hide",
    "empty_subject": "edit",
    "empty_text": "edit",
    "unfilled_field": "edit",
    "forgotten_file": "file",
}


@dataclass(frozen=True, slots=True)
class Weighed:
    """A caution as it is shown; `key` is the same for the same thing said again."""

    caution: Caution

    @property
    def key(self) -> str:
        """What it is about; the words may have grown older meanwhile, “35 minutes ago”."""
        said = self.caution.address or self.caution.words
        digest = hashlib.sha256(said.encode()).hexdigest()[:12]
        return f"{self.caution.code}-{self.caution.field}-{digest}"

    @property
    def fix(self) -> str:
        """Which button mends it, "" where only the person can tell."""
        return _FIXES.get(self.caution.code, "")

    @property
    def is_colleague(self) -> bool:
        """Whether it is about what a colleague does."""
        return self.caution.code.startswith(_COLLEAGUE)


@dataclass(frozen=True, slots=True)
class Weighing:
    """Cautions that stand between a pressed button and what it does."""

    cautions: tuple[Weighed, ...]
    pressed: str

    @property
    def verb(self) -> str:
        """What the pressed button does."""
        return "Schedule" if self.pressed.startswith("schedule") else "Send"

    @property
    def keys(self) -> tuple[str, ...]:
        """What was shown, so that it is not shown again."""
        return tuple(one.key for one in self.cautions)


def weigh(
    member: Membership, email: OutgoingEmail, typed: Typed, *, pressed: str, at: datetime
) -> Weighing | None:
    """Return the cautions that the person has not seen yet, None where there are none."""
    found = tuple(Weighed(one) for one in cautions_of(email, member=member, at=at))
    fresh = tuple(one for one in found if one.key not in typed.weighed)
    return Weighing(fresh, pressed) if fresh else None


def meanwhile(member: Membership, email: OutgoingEmail, *, at: datetime) -> tuple[Caution, ...]:
    """Return what colleagues write to the same people now, or wrote a moment ago."""
    found = cautions_of(email, member=member, at=at)
    return tuple(one for one in found if one.code.startswith(_COLLEAGUE))
