"""What a rule names: what a person typed becomes what mail is compared with, or is refused."""

from __future__ import annotations

from letterbook.kit.refusals import Invalid, NotAllowed
from letterbook.mailboxes.labelling import find_label
from letterbook.mailboxes.models import LABEL_KINDS, Mailbox, RuleKind, StoringRule
from letterbook.mailboxes.own_addresses import own_addresses
from letterbook.mailboxes.owning import check_owner
from letterbook.mime.addresses import BadAddress, check_address
from letterbook.mime.domains import registrable_domain
from letterbook.teams.models import Membership


def read_rule(member: Membership, *, mailbox: Mailbox | None, kind: str, text: str) -> StoringRule:
    """Return the rule that is asked for, not yet stored; raise `Invalid` for what can be none, or `NotAllowed`."""
    check_may_rule(member, mailbox)
    if kind not in RuleKind.values or (mailbox is None and kind in LABEL_KINDS):
        raise Invalid("Choose what is to be left out.", field="kind")
    rule = StoringRule(team_id=member.team_id, mailbox=mailbox, kind=kind)
    text = text.strip()
    if mailbox is not None and kind in LABEL_KINDS:
        rule.pattern, rule.label_name = find_label(mailbox, text)
        return rule
    rule.pattern = _domain(text) if kind == RuleKind.DOMAIN else _address(text)
    if rule.pattern in own_addresses(member.team_id):
        raise Invalid(
            f"{rule.pattern} is one of your team's own addresses: a rule for it would leave out everything.",
            field="text",
        )
    return rule


def check_may_rule(member: Membership, mailbox: Mailbox | None) -> None:
    """Raise `NotAllowed` for a team-mate's mailbox, and for the team's rules unless one administers it."""
    if mailbox is not None:
        check_owner(member, mailbox)
    elif not member.may_administer:
        raise NotAllowed(
            "What the whole team leaves out is decided by its owner and admins.",
            way_out="Make a rule for your own mailbox, or ask one of them.",
        )


def _address(text: str) -> str:
    try:
        return check_address(text).key
    except BadAddress as error:
        raise Invalid(str(error), field="text") from error


def _domain(text: str) -> str:
    typed = text.removeprefix("*").rpartition("@")[2].strip(".")
    domain = _address(f"someone@{typed}").rpartition("@")[2] if "." in typed else typed
    if not domain or not registrable_domain(domain):
        raise Invalid(
            f"“{typed}” is not one organisation's domain: mail with everybody at an address below it would be left out."
            if typed
            else "Type a domain.",
            way_out="Name the domain that the organisation registered, as in firm.example or firm.co.uk.",
            field="text",
        )
    return domain
