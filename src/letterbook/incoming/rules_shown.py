"""The rules that hold, with what each has left out so far, and what a new one would mean."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.db.models import BooleanField, Count, F, Func, Q, Value

from letterbook.correspondence.found_first import is_one_of
from letterbook.correspondence.models import LedgerState, MailboxMessage, Message, SkipReason
from letterbook.incoming.coming_back import let_in_by_labels
from letterbook.incoming.leaving_out import LabelRules, label_rules_of
from letterbook.incoming.rule_patterns import read_rule
from letterbook.mailboxes.models import LABEL_KINDS, Mailbox, RuleKind, StoringRule
from letterbook.mime.addresses import address_key
from letterbook.teams.models import Membership


@dataclass(frozen=True, slots=True)
class ShownRule:
    """A rule, how many messages of the viewer's own mailboxes it left out, and how many come when it ends.

    `left_out` is None where several rules leave out together.
    """

    rule: StoringRule
    left_out: int | None
    comes_back: int


@dataclass(frozen=True, slots=True)
class RulePreview:
    """What a rule would mean for what the viewer may know of, changing nothing.

    It would have left out `stored` emails, which stay where they are. `comes_back` were left out until now and are
    fetched again under it.
    """

    kind: RuleKind
    pattern: str
    words: str
    stored: int
    contacts: int
    comes_back: int


def rules_of(member: Membership, mailbox: Mailbox | None) -> list[ShownRule]:
    """Return a mailbox's own rules, oldest first, or those of the whole team."""
    rules = StoringRule.objects.visible_to(member).filter(mailbox=mailbox)
    found = list(rules.select_related("created_by").order_by("pk"))
    ledger = MailboxMessage.objects.visible_to(member).filter(
        rule__in=found, state=LedgerState.SKIPPED
    )
    counted = ledger.values_list("rule").annotate(
        number=Count("pk"), back=Count("pk", filter=Q(is_removed_at_source=False))
    )
    counts = {rule_id: (number, back) for rule_id, number, back in counted}
    return [
        _of_label(rule, mailbox)
        if mailbox is not None and rule.kind in LABEL_KINDS
        else ShownRule(rule, *counts.get(rule.pk, (0, 0)))
        for rule in found
    ]


def preview_rule(
    member: Membership, *, mailbox: Mailbox | None, kind: str, text: str
) -> RulePreview:
    """Return what a rule would mean; raise `Invalid` for what can be no rule."""
    rule = read_rule(member, mailbox=mailbox, kind=kind, text=text)
    messages = Message.objects.visible_to(member)
    if rule.kind not in LABEL_KINDS:
        messages = messages.filter(is_one_of(messages.filter(_matches(rule))))
    if mailbox is not None:
        held = MailboxMessage.objects.filter(mailbox=mailbox, message__isnull=False)
        if rule.kind in LABEL_KINDS:
            with_label = Q(labels__contains=[rule.pattern])
            held = held.filter(~with_label if rule.kind == RuleKind.ONLY_LABEL else with_label)
        messages = messages.filter(pk__in=held.values("message_id"))
    stored = messages.count()
    contacts = messages.filter(activities__isnull=False).values("activities__contact").distinct()
    return RulePreview(
        RuleKind(rule.kind),
        rule.pattern,
        str(rule),
        stored,
        contacts.count(),
        _comes_back_under(mailbox, rule),
    )


def _of_label(rule: StoringRule, mailbox: Mailbox) -> ShownRule:
    rules = label_rules_of(mailbox)
    rest = _with(rules, rule, is_there=False)
    comes_back = let_in_by_labels(mailbox, rest).count()
    if rule.kind == RuleKind.ONLY_LABEL:
        return ShownRule(rule, None, comes_back)
    left_out = MailboxMessage.objects.filter(
        mailbox=mailbox,
        labels__contains=[rule.pattern],
        state=LedgerState.SKIPPED,
        reason=SkipReason.LABEL,
    )
    return ShownRule(rule, left_out.count(), comes_back)


def _comes_back_under(mailbox: Mailbox | None, rule: StoringRule) -> int:
    """One more label that is kept lets in what had only that one."""
    if mailbox is None or rule.kind != RuleKind.ONLY_LABEL:
        return 0
    return let_in_by_labels(mailbox, _with(label_rules_of(mailbox), rule, is_there=True)).count()


def _with(rules: LabelRules, rule: StoringRule, *, is_there: bool) -> LabelRules:
    part = "left_out" if rule.kind == RuleKind.LABEL else "kept"
    named = frozenset({rule.pattern})
    labels: frozenset[str] = getattr(rules, part)
    return replace(rules, **{part: labels | named if is_there else labels - named})


def _matches(rule: StoringRule) -> Q:
    if rule.kind == RuleKind.ADDRESS:
        return Q(address_keys__contains=[address_key(rule.pattern)])
    return Q(_IsAtDomain(F("address_keys"), Value(_at_domain(rule.pattern))))


def _at_domain(domain: str) -> str:
    """Match anyone at a domain or below it; a domain never has a character that a pattern would misread."""
    return r"(^|\n)[^\n]*[@.]" + domain.replace(".", r"\.") + r"($|\n)"


class _IsAtDomain(Func):
    template = "(array_to_string(%(expressions)s)"
    arg_joiner = ", chr(10)) ~ "
    output_field = BooleanField()
