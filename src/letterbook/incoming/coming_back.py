"""What was left out by rules and comes back when they change: the same question for showing it and for doing it.

What was deleted at Gmail since cannot come any more, and what was left out of a file comes when that is imported again.
"""

from __future__ import annotations

from django.db.models import QuerySet

from letterbook.correspondence.models import LedgerState, MailboxMessage, SkipReason
from letterbook.incoming.leaving_out import LabelRules
from letterbook.mailboxes.models import Mailbox, StoringRule

_LABEL_REASONS = (SkipReason.LABEL, SkipReason.NO_LABEL)


def let_in_of(rule: StoringRule) -> QuerySet[MailboxMessage]:
    """Return what a rule about an address or a domain left out, which its end lets in."""
    return MailboxMessage.objects.at_provider().filter(
        rule=rule, state=LedgerState.SKIPPED, is_removed_at_source=False
    )


def let_in_by_labels(mailbox: Mailbox, rules: LabelRules) -> QuerySet[MailboxMessage]:
    """Return what was left out of a mailbox for its labels, and under `rules` is not."""
    left_out = (
        MailboxMessage.objects.at_provider()
        .filter(
            mailbox=mailbox,
            state=LedgerState.SKIPPED,
            reason__in=_LABEL_REASONS,
            is_removed_at_source=False,
        )
        .exclude(labels__overlap=sorted(rules.left_out))
    )
    return left_out.filter(labels__overlap=sorted(rules.kept)) if rules.kept else left_out
