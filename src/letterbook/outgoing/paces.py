"""How fast a mailbox may send, as far as Gmail's own refusals have taught us."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models

from letterbook.mailboxes.models import Mailbox
from letterbook.teams.models import Team

# A pace that was lowered doubles in each of these, until it is what the settings say.
_RECOVERS_IN = timedelta(minutes=10)


class Pace(models.Model):
    """A mailbox that Gmail asked to slow down: how many a minute, how many at once, since when."""

    mailbox = models.OneToOneField(
        Mailbox, models.CASCADE, primary_key=True, related_name="sending_pace"
    )
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    a_minute = models.FloatField()
    at_once = models.PositiveSmallIntegerField()
    slowed_at = models.DateTimeField()

    def sends_a_minute(self, *, at: datetime) -> float:
        """Return how many emails may go in a minute by now."""
        recovered: float = 2.0 ** ((at - self.slowed_at) / _RECOVERS_IN)
        usual: float = settings.SENDS_PER_MINUTE
        return min(usual, self.a_minute * recovered)

    def sends_at_once(self, *, at: datetime) -> int:
        """Return how many emails may be under way together by now."""
        is_over = at > self.slowed_at + _RECOVERS_IN
        return settings.SENDS_AT_ONCE if is_over else min(settings.SENDS_AT_ONCE, self.at_once)
