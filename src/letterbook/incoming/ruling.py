"""Making and removing rules about what is left out; what they would have meant is shown before.

A rule holds for what is decided from then on. What is stored stays: no rule hides or deletes anything. When a rule is
removed, what it left out is fetched again.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from letterbook.correspondence.models import LedgerState, MailboxMessage, SkipReason
from letterbook.correspondence.threading import lock_correspondence
from letterbook.incoming.coming_back import let_in_by_labels, let_in_of
from letterbook.incoming.leaving_out import read_label_rules
from letterbook.incoming.rule_patterns import check_may_rule, read_rule
from letterbook.kit.refusals import NotFound
from letterbook.mailboxes.models import LABEL_KINDS, Mailbox, StoringRule
from letterbook.teams.audit import record_audit
from letterbook.teams.models import Membership, Team
from letterbook.teams.second_wall import on_the_teams_behalf


@transaction.atomic
def add_rule(
    member: Membership, *, mailbox: Mailbox | None, kind: str, text: str, at: datetime
) -> StoringRule:
    """Leave something out from now on, of one mailbox or of all; return the rule, which may have been there."""
    checked = read_rule(member, mailbox=mailbox, kind=kind, text=text)
    if checked.kind in LABEL_KINDS:
        # As whoever stores mail: a batch without this rule has written what it leaves out before this goes on.
        lock_correspondence(member.team_id)
    rule, is_new = StoringRule.objects.get_or_create(
        team_id=member.team_id,
        mailbox=mailbox,
        kind=checked.kind,
        pattern=checked.pattern,
        defaults={
            "label_name": checked.label_name,
            "created_by": member.user,
            "created_at": at,
        },
    )
    if is_new:
        if rule.kind in LABEL_KINDS and mailbox is not None:
            # One more label that is kept lets in what had only that one.
            _let_in_by_labels(mailbox)
        _record(member, rule, "rule added", at=at)
    return rule


@on_the_teams_behalf()
@transaction.atomic
def remove_rule(member: Membership, rule: StoringRule, *, at: datetime) -> int:
    """End a rule and return how many messages that it left out are now decided about again."""
    check_may_rule(member, rule.mailbox)
    # As whoever stores mail: a batch that still knows the rule has written what it left out before this goes on.
    lock_correspondence(member.team_id)
    left_out = let_in_of(rule)
    _record(member, rule, "rule removed", at=at)
    let_in = _let_in(left_out)
    mailbox, kind = rule.mailbox, rule.kind
    StoringRule.objects.filter(pk=rule.pk).delete()
    if kind in LABEL_KINDS and mailbox is not None:
        let_in += _let_in_by_labels(mailbox)
    return let_in


@on_the_teams_behalf()
@transaction.atomic
def choose_internal_mail(member: Membership, *, is_left_out: bool, at: datetime) -> int:
    """Leave out mail among colleagues or not, for the whole team; return how many emails are decided about again."""
    check_may_rule(member, None)
    lock_correspondence(member.team_id)
    changed = Team.objects.filter(
        pk=member.team_id, is_internal_mail_left_out=not is_left_out
    ).update(is_internal_mail_left_out=is_left_out)
    if not changed:
        return 0
    left_out = MailboxMessage.objects.at_provider().filter(
        mailbox__team_id=member.team_id,
        state=LedgerState.SKIPPED,
        reason=SkipReason.INTERNAL,
        is_removed_at_source=False,
    )
    let_in = 0 if is_left_out else _let_in(left_out)
    what = "mail among colleagues left out" if is_left_out else "mail among colleagues kept"
    record_audit(what, team_id=member.team_id, user=member.user, at=at)
    return let_in


def _let_in_by_labels(mailbox: Mailbox) -> int:
    # Held until the end: whoever reads the history at this moment has written, or reads the new rules.
    Mailbox.objects.select_for_update(no_key=True).get(pk=mailbox.pk)
    return _let_in(let_in_by_labels(mailbox, read_label_rules(mailbox)))


def _let_in(rows: QuerySet[MailboxMessage]) -> int:
    return rows.update(state=LedgerState.WAITING, reason="", rule=None, decided_at=None)


def find_rule(member: Membership, pk: int) -> StoringRule:
    """Return a rule this person may know of; raise `NotFound`."""
    rule = StoringRule.objects.visible_to(member).select_related("mailbox").filter(pk=pk).first()
    if rule is None:
        raise NotFound("There is no such rule.")
    return rule


def _record(member: Membership, rule: StoringRule, what: str, *, at: datetime) -> None:
    # Whom somebody leaves out of their own mailbox is their business; the log is the team's.
    said = {"rule": str(rule)} if rule.mailbox_id is None else {}
    subject = ("mailbox", rule.mailbox_id) if rule.mailbox_id else ("team", rule.team_id)
    record_audit(
        what,
        team_id=member.team_id,
        user=member.user,
        at=at,
        subject=subject,
        kind=rule.kind,
        **said,
    )
