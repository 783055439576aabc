"""Which labels a mailbox has to choose from, kept as its provider tells them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import datetime

from django.db import transaction

from letterbook.kit.refusals import Conflict, Invalid, NotNow
from letterbook.mailboxes.labels import LABELS, MailboxLabel
from letterbook.mailboxes.models import LABEL_KINDS, Mailbox, StoringRule
from letterbook.mailboxes.opening import open_mailbox
from letterbook.mailboxes.owning import check_owner
from letterbook.providers.errors import AccessRevoked, PermissionMissing, ProviderError
from letterbook.providers.mail import Label
from letterbook.teams.models import Membership

_LONGEST_ID = 120
_LONGEST_NAME = 320


def labels_of(mailbox: Mailbox) -> dict[str, str]:
    """Return the names of a mailbox's labels by their ids: its owner's by name, then Gmail's."""
    own = MailboxLabel.objects.filter(mailbox=mailbox).values_list("label_id", "name")
    return dict(sorted(own, key=lambda one: one[1].casefold())) | LABELS


def find_label(mailbox: Mailbox, text: str) -> tuple[str, str]:
    """Return the id and the name of the label that `text` names or is the id of; raise `Invalid`."""
    labels = labels_of(mailbox)
    if text in labels:
        return text, labels[text]
    for label_id, name in labels.items():
        if name.casefold() == text.casefold():
            return label_id, name
    raise Invalid(
        f"{mailbox.address} has no label “{text}”." if text else "Choose a label.",
        way_out="Make it in Gmail first, then have the labels read again.",
        field="text",
    )


def reread_labels(
    member: Membership, mailbox: Mailbox, *, clock: Callable[[], datetime]
) -> dict[str, str]:
    """Ask the provider for one's mailbox's labels now and return them as `labels_of` does.

    Raises `Conflict` for a mailbox that is not connected and `NotNow` where the provider does not tell.
    """
    check_owner(member, mailbox)
    if not mailbox.is_connected:
        raise Conflict(f"{mailbox.address} is not connected.", way_out="Reconnect the mailbox.")
    try:
        with closing(open_mailbox(mailbox, clock=clock)) as provider:
            offered = provider.list_labels()
    except (AccessRevoked, PermissionMissing) as error:
        raise Conflict(error.message, way_out="Reconnect the mailbox.") from error
    except ProviderError as error:
        raise NotNow(error.message, way_out="Try again in a minute.") from error
    keep_labels(mailbox, offered)
    return labels_of(mailbox)


@transaction.atomic
def keep_labels(mailbox: Mailbox, offered: Sequence[Label]) -> None:
    """Store the owner's labels as they are now: new ones come, renamed ones change, deleted ones go."""
    own = {
        one.id: one.name.replace("\x00", "")[:_LONGEST_NAME]
        for one in offered
        if one.is_own and len(one.id) <= _LONGEST_ID
    }
    MailboxLabel.objects.filter(mailbox=mailbox).exclude(label_id__in=own).delete()
    MailboxLabel.objects.bulk_create(
        [
            MailboxLabel(mailbox=mailbox, team_id=mailbox.team_id, label_id=label_id, name=name)
            for label_id, name in own.items()
        ],
        update_conflicts=True,
        unique_fields=["mailbox", "label_id"],
        update_fields=["name"],
    )
    _rename_rules(mailbox, own)


def _rename_rules(mailbox: Mailbox, names: dict[str, str]) -> None:
    rules = StoringRule.objects.filter(mailbox=mailbox, kind__in=LABEL_KINDS, pattern__in=names)
    for rule in rules:
        if rule.label_name != names[rule.pattern]:
            StoringRule.objects.filter(pk=rule.pk).update(label_name=names[rule.pattern])
