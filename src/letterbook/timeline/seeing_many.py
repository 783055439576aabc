"""The same gate as in `seeing`, for the activities of many contacts at once."""

from __future__ import annotations

from django.db.models import BooleanField

from letterbook.contacts.models import Contact
from letterbook.correspondence.access import Reach
from letterbook.correspondence.copy_conditions import Written, is_seen
from letterbook.correspondence.models import is_held, is_held_one_by_one, is_reachable
from letterbook.mailboxes.models import Sharing
from letterbook.teams.models import Membership
from letterbook.timeline.models import Activity, ActivityQuerySet

# As `seeing` says it of one contact; here the contact's addresses are looked up beside each line. Written down at once:
# put together by Django it takes longer to build than to answer, and a list asks it of fifty contacts.
_IS_KNOWN = """({{bcc}} = ARRAY[]::text[]
    OR EXISTS (
        SELECT FROM contacts_contactaddress own
        WHERE own.contact_id = {{contact}} AND own.key = ANY ({{keys}}) AND NOT own.key = ANY ({{bcc}})
    )
    OR EXISTS (
        SELECT FROM correspondence_mailboxmessage copy
        CROSS JOIN LATERAL (
            SELECT array_agg(person->>'key') AS keys FROM jsonb_array_elements(copy.bcc) person
        ) blind
        WHERE copy.message_id = {{message}} AND copy.bcc IS NOT NULL AND {is_seen}
            AND (blind.keys @> {{bcc}} OR EXISTS (
                SELECT FROM contacts_contactaddress own
                WHERE own.contact_id = {{contact}} AND own.key = ANY (blind.keys)
            ))
    )
)"""
_OF_LINE = {
    "contact": "contact_id",
    "message": "message_id",
    "keys": "message__address_keys",
    "bcc": "message__bcc_keys",
}


def emails_seen(member: Membership, *, reach: Reach) -> ActivityQuerySet:
    """Return the team's email lines this member may know of, each tested by itself; to be narrowed to few contacts."""
    may_know = is_reachable(reach, level=Sharing.METADATA, message_ref="message_id")
    return Activity.objects.filter(
        may_know, is_known_to_be_on_it(reach), team_id=member.team_id, message__isnull=False
    )


def is_known_to_be_on_it(reach: Reach) -> Written:
    """Return the condition "that the line's contact got it is no secret of its Bcc, or one the viewer may know"."""
    text, values = _is_known(reach)
    return Written(text, values, BooleanField(), **_OF_LINE)


def is_seen_line(reach: Reach) -> tuple[str, tuple[object, ...]]:
    """Return the whole gate as text and its values, for statements that call a line `line`, its email `message`."""
    return _gate(reach, *is_held(reach, level=Sharing.METADATA, of="message"))


def emails_of_one(
    member: Membership, contact: Contact, *, reach: Reach
) -> tuple[str, tuple[object, ...]]:
    """Return the emails of one contact this member may know of, from `FROM` on: each a `line` and its `message`.

    Each is asked in turn until there are enough, as in `seeing`.
    """
    is_seen, values = _gate(reach, *is_held_one_by_one(reach, level=Sharing.METADATA, of="message"))
    return f"{_LINES_OF_ONE} AND {is_seen}", (member.team_id, contact.pk, *values)


_LINES_OF_ONE = """
    FROM timeline_activity line JOIN correspondence_message message ON message.id = line.message_id
    WHERE line.team_id = %s AND line.contact_id = %s AND line.deleted_at IS NULL
"""


def _gate(reach: Reach, held: str, values: tuple[object, ...]) -> tuple[str, tuple[object, ...]]:
    known, known_values = _is_known(reach)
    known = known.format(
        contact="line.contact_id",
        message="line.message_id",
        keys="message.address_keys",
        bcc="message.bcc_keys",
    )
    return f"{held.format(message='line.message_id')} AND {known}", (*values, *known_values)


def _is_known(reach: Reach) -> tuple[str, tuple[object, ...]]:
    seen = is_seen(reach, level=Sharing.FULL)
    return _IS_KNOWN.format(is_seen=seen.of("copy")), seen.values
