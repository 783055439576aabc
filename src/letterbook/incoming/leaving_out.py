"""What the rules of a mailbox and its team leave out, whoever is a contact."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from django.db.models import Q

from letterbook.correspondence.models import SkipReason
from letterbook.correspondence.packing import Packed
from letterbook.incoming.labels import reason_to_skip
from letterbook.mailboxes.models import Mailbox, RuleKind, StoringRule
from letterbook.mailboxes.own_addresses import own_domains


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Why a message is left out, and by which rule where one names an address or a domain."""

    reason: SkipReason
    rule_id: int | None = None


@dataclass(frozen=True, slots=True)
class LabelRules:
    """Labels whose mail is left out, and those of which mail must have one where there are any."""

    left_out: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()

    def reason(self, labels: AbstractSet[str]) -> SkipReason | None:
        """Return why a message with these labels is left out: Gmail's own reasons come first."""
        if reason := reason_to_skip(labels):
            return reason
        if self.left_out & labels:
            return SkipReason.LABEL
        return SkipReason.NO_LABEL if self.kept and not self.kept & labels else None


@dataclass(frozen=True, slots=True)
class Rules:
    """All that is left out of one mailbox; addresses and domains with the rules that name them."""

    addresses: Mapping[str, int] = field(default_factory=dict)
    domains: Mapping[str, int] = field(default_factory=dict)
    labels: LabelRules = field(default_factory=LabelRules)
    # Where everyone on an email is at one of these or has an address of ours, it is mail among colleagues.
    own_domains: frozenset[str] = frozenset()

    def left_out(self, packed: Packed, *, own: AbstractSet[str]) -> LeftOut | None:
        """Return why an email is left out for those who are on it; our own addresses match no rule."""
        keys = set(packed.address_keys)
        for key in sorted(keys - own):
            rule = self.addresses.get(key) or self._domain_rule(key)
            if rule:
                return LeftOut(SkipReason.RULE, rule)
        if keys and self.own_domains and all(self._is_ours(key, own) for key in keys):
            return LeftOut(SkipReason.INTERNAL)
        return None

    def _domain_rule(self, key: str) -> int | None:
        if not self.domains:
            return None
        return next((self.domains[one] for one in _domains_of(key) if one in self.domains), None)

    def _is_ours(self, key: str, own: AbstractSet[str]) -> bool:
        return key in own or key.rpartition("@")[2] in self.own_domains


def read_rules(mailbox: Mailbox) -> Rules:
    """Return what is left out of a mailbox at this moment: by its own rules and by its team's."""
    found = _rules(mailbox)
    return Rules(
        addresses=_by_pattern(found, RuleKind.ADDRESS),
        domains=_by_pattern(found, RuleKind.DOMAIN),
        labels=_labels(found),
        own_domains=own_domains(mailbox.team_id),
    )


def read_label_rules(mailbox: Mailbox) -> LabelRules:
    """Return a mailbox's rules about labels; while they decide, nobody changes them.

    Call it in the transaction that writes what they decided.
    """
    labels = label_rules_of(mailbox)
    if labels == LabelRules():
        return labels
    # Whoever removes a rule holds this row: what it left out until then is there to be let in again.
    Mailbox.objects.select_for_update(no_key=True).get(pk=mailbox.pk)
    return label_rules_of(mailbox)


def label_rules_of(mailbox: Mailbox) -> LabelRules:
    """Return a mailbox's rules about labels, for showing."""
    return _labels(_rules(mailbox))


def _rules(mailbox: Mailbox) -> Sequence[StoringRule]:
    mine_or_all = Q(mailbox=None) | Q(mailbox=mailbox)
    return list(StoringRule.objects.filter(mine_or_all, team_id=mailbox.team_id).order_by("pk"))


def _by_pattern(rules: Sequence[StoringRule], kind: RuleKind) -> dict[str, int]:
    return {rule.pattern: rule.pk for rule in reversed(rules) if rule.kind == kind}


def _labels(rules: Sequence[StoringRule]) -> LabelRules:
    return LabelRules(
        left_out=frozenset(_by_pattern(rules, RuleKind.LABEL)),
        kept=frozenset(_by_pattern(rules, RuleKind.ONLY_LABEL)),
    )


def _domains_of(key: str) -> Iterator[str]:
    """The domain of an address and those it is a part of: a rule for `firm.example` means `mail.firm.example` too."""
    domain = key.rpartition("@")[2]
    while domain:
        yield domain
        domain = domain.partition(".")[2]
