"""What is left out of a mailbox or of all of the team's: rules, mail among colleagues, mail deleted at Gmail."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.utils import timezone
from ninja import Path, Query, Router, Schema
from pydantic import Field

from letterbook.api.mailboxes import find_own_mailbox
from letterbook.api.shapes import Given, TeamMate, Text, answers, team_mate
from letterbook.api.tokens import TokenRequest
from letterbook.incoming.removals import choose_removed_mail
from letterbook.incoming.rules_shown import RulePreview, ShownRule, preview_rule, rules_of
from letterbook.incoming.ruling import add_rule, choose_internal_mail, find_rule, remove_rule
from letterbook.mailboxes.keeping import change_policy
from letterbook.mailboxes.labelling import labels_of
from letterbook.mailboxes.models import Mailbox, RuleKind, StoringPolicy
from letterbook.teams.models import Membership

router = Router(tags=["rules"])
RuleNumber = Annotated[int, Path(ge=0, le=2**63 - 1)]
_WHAT = "an address, a domain (all below it is meant too), or a label by its name or id"


class RuleAsked(Given):
    """What a rule is to be about."""

    kind: RuleKind
    text: Text = Field(max_length=1_000, description=_WHAT)


class RuleShown(Schema):
    """One thing that is left out from the time it was made."""

    id: int
    kind: RuleKind
    pattern: str
    words: str = Field(description="the pattern as people know it: a label by its name")
    made_by: TeamMate | None
    made_at: datetime
    left_out: int | None = Field(description="of your mailboxes; null where rules do it together")
    comes_back: int = Field(description="how many of those are fetched when the rule ends")


class RuleList(Schema):
    """All rules of one kind of owner, oldest first; there are few, so they come at once."""

    items: list[RuleShown]
    next_cursor: str = ""
    is_internal_mail_left_out: bool


class RulePreviewShown(Schema):
    """What a rule would mean; nothing was changed."""

    kind: RuleKind
    pattern: str
    words: str
    stored: int = Field(description="emails that it would have left out; they stay")
    contacts: int
    comes_back: int = Field(description="emails left out until now that would be fetched")


class LabelShown(Schema):
    """A label of the account."""

    id: str
    name: str


class LabelList(Schema):
    """The owner's labels by name, then Gmail's own."""

    items: list[LabelShown]
    next_cursor: str = ""


class ComingBack(Schema):
    """How many emails that were left out until now are fetched, or shown again."""

    emails: int


class InternalMailGiven(Given):
    """Whether mail on which everyone is a colleague is left out."""

    is_left_out: bool


class RemovedMailGiven(Given):
    """Whether emails that were deleted at Gmail are hidden here; they are kept all the same."""

    is_hidden: bool


class PolicyGiven(Given):
    """Whose mail is stored, and for whom a contact is made on the way."""

    policy: StoringPolicy


@router.get("/mailboxes/{mailbox_id}/rules", response=answers(RuleList), operation_id="list_rules")
def get_rules(request: TokenRequest, mailbox_id: UUID) -> RuleList:
    """What is left out of one of your mailboxes; what holds for all of them is among the team's."""
    return _list(request.auth, find_own_mailbox(request.auth, mailbox_id))


@router.put("/mailboxes/{mailbox_id}/rules", response=answers(RuleShown), operation_id="add_rule")
def put_rule(request: TokenRequest, mailbox_id: UUID, asked: RuleAsked) -> RuleShown:
    """Leave something out from now on; a rule that is there already will do. What is stored stays."""
    return _add(request.auth, find_own_mailbox(request.auth, mailbox_id), asked)


@router.get(
    "/mailboxes/{mailbox_id}/rule-preview",
    response=answers(RulePreviewShown),
    operation_id="preview_rule",
)
def get_preview(request: TokenRequest, mailbox_id: UUID, asked: Query[RuleAsked]) -> RulePreview:
    """What a rule would mean for what is stored and what was left out."""
    mailbox = find_own_mailbox(request.auth, mailbox_id)
    return preview_rule(request.auth, mailbox=mailbox, kind=asked.kind, text=asked.text)


@router.get(
    "/mailboxes/{mailbox_id}/labels", response=answers(LabelList), operation_id="list_labels"
)
def get_labels(request: TokenRequest, mailbox_id: UUID) -> LabelList:
    """The labels of one of your mailboxes that a rule can name."""
    labels = labels_of(find_own_mailbox(request.auth, mailbox_id))
    return LabelList(items=[LabelShown(id=one, name=name) for one, name in labels.items()])


@router.put(
    "/mailboxes/{mailbox_id}/policy", response=answers(PolicyGiven), operation_id="choose_policy"
)
def put_policy(request: TokenRequest, mailbox_id: UUID, given: PolicyGiven) -> PolicyGiven:
    """Choose whose mail is stored; a wider choice brings the old mail too."""
    mailbox = find_own_mailbox(request.auth, mailbox_id)
    change_policy(request.auth, mailbox, policy=given.policy, at=timezone.now())
    return given


@router.put(
    "/mailboxes/{mailbox_id}/removed-mail",
    response=answers(ComingBack),
    operation_id="choose_removed_mail",
)
def put_removed_mail(
    request: TokenRequest, mailbox_id: UUID, given: RemovedMailGiven
) -> ComingBack:
    """Hide what is deleted at Gmail, or show it; the answer tells how many emails that concerns now."""
    mailbox = find_own_mailbox(request.auth, mailbox_id)
    number = choose_removed_mail(
        request.auth, mailbox, is_hidden=given.is_hidden, at=timezone.now()
    )
    return ComingBack(emails=number)


@router.get("/team/rules", response=answers(RuleList), operation_id="list_team_rules")
def get_team_rules(request: TokenRequest) -> RuleList:
    """What is left out of every mailbox of the team."""
    return _list(request.auth, None)


@router.put("/team/rules", response=answers(RuleShown), operation_id="add_team_rule")
def put_team_rule(request: TokenRequest, asked: RuleAsked) -> RuleShown:
    """Leave something out of every mailbox from now on; the team's owner and admins may."""
    return _add(request.auth, None, asked)


@router.get(
    "/team/rule-preview", response=answers(RulePreviewShown), operation_id="preview_team_rule"
)
def get_team_preview(request: TokenRequest, asked: Query[RuleAsked]) -> RulePreview:
    """What a rule for the whole team would mean for the emails that you may see."""
    return preview_rule(request.auth, mailbox=None, kind=asked.kind, text=asked.text)


@router.put(
    "/team/internal-mail", response=answers(ComingBack), operation_id="choose_internal_mail"
)
def put_internal_mail(request: TokenRequest, given: InternalMailGiven) -> ComingBack:
    """Leave out mail among colleagues, or treat it as any other; the team's owner and admins may."""
    number = choose_internal_mail(request.auth, is_left_out=given.is_left_out, at=timezone.now())
    return ComingBack(emails=number)


@router.delete("/rules/{rule_id}", response=answers(ComingBack), operation_id="remove_rule")
def delete_rule(request: TokenRequest, rule_id: RuleNumber) -> ComingBack:
    """End a rule; what it left out is fetched again."""
    rule = find_rule(request.auth, rule_id)
    return ComingBack(emails=remove_rule(request.auth, rule, at=timezone.now()))


def _list(member: Membership, mailbox: Mailbox | None) -> RuleList:
    return RuleList(
        items=[_shown(one) for one in rules_of(member, mailbox)],
        is_internal_mail_left_out=member.team.is_internal_mail_left_out,
    )


def _add(member: Membership, mailbox: Mailbox | None, asked: RuleAsked) -> RuleShown:
    rule = add_rule(member, mailbox=mailbox, kind=asked.kind, text=asked.text, at=timezone.now())
    shown = (_shown(one) for one in rules_of(member, mailbox) if one.rule.pk == rule.pk)
    return next(shown)


def _shown(one: ShownRule) -> RuleShown:
    return RuleShown(
        id=one.rule.pk,
        kind=RuleKind(one.rule.kind),
        pattern=one.rule.pattern,
        words=str(one.rule),
        made_by=team_mate(one.rule.created_by),
        made_at=one.rule.created_at,
        left_out=one.left_out,
        comes_back=one.comes_back,
    )
