"""The same gate as in `seeing`, for the activities of many contacts at once."""

from __future__ import annotations

from django.db.models import BooleanField, Exists, F, Func, OuterRef, Q, UUIDField
from django.db.models.expressions import Combinable, ExpressionWrapper

from letterbook.contacts.models import ContactAddress
from letterbook.correspondence.access import Reach
from letterbook.correspondence.models import is_reachable, tells_bcc, tells_bcc_key
from letterbook.mailboxes.models import Sharing
from letterbook.teams.models import Membership
from letterbook.timeline.models import Activity, ActivityQuerySet


def emails_seen(member: Membership, *, reach: Reach) -> ActivityQuerySet:
    """Return the team's email lines this member may know of, each tested by itself; to be narrowed to few contacts."""
    may_know = is_reachable(reach, level=Sharing.METADATA, message_ref="message_id")
    return Activity.objects.filter(may_know, team_id=member.team_id, message__isnull=False).filter(
        is_known_to_be_on_it(reach)
    )


def is_known_to_be_on_it(reach: Reach) -> Q:
    """Return the condition "that the line's contact got it is no secret of its Bcc, or one the viewer may know".

    As `seeing` says it of one contact; here the contact's addresses are looked up beside each line.
    """
    own = ContactAddress.objects.filter(contact=OuterRef("contact_id"))
    on_it = ExpressionWrapper(OuterRef("message_id"), output_field=UUIDField())
    openly = own.filter(
        _IsAmong("key", OuterRef("message__address_keys")),
        ~Q(_IsAmong("key", OuterRef("message__bcc_keys"))),
    )
    told = own.alias(on_it=on_it).filter(tells_bcc_key(reach, message_ref="on_it", key_ref="key"))
    all_told = tells_bcc(reach, [], message_ref="message_id", bcc_ref="message__bcc_keys")
    return Q(message__bcc_keys=[]) | Exists(openly) | Exists(told) | Q(all_told)


class _IsAmong(Func):
    template = "(%(expressions)s))"
    arg_joiner = " = ANY("
    output_field = BooleanField()

    def __init__(self, column: str, among: Combinable) -> None:
        super().__init__(F(column), among)
