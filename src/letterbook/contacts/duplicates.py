"""Contacts that may be one person, each pair with its reasons; and the word of somebody who knows that they are two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from letterbook.contacts.models import Contact, NotTheSame
from letterbook.kit.refusals import Invalid, NotFound
from letterbook.teams.audit import record_audit
from letterbook.teams.events import announce
from letterbook.teams.models import Membership

_MOST = 100
_ID = 32
REASONS = {
    "name": "the same name and domain",
    "phone": "the same telephone number",
    "address": "two spellings of one address",
}


@dataclass(frozen=True, slots=True)
class Pair:
    """Two contacts that may be one person; `reasons` are keys of `REASONS`."""

    one: Contact
    other: Contact
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PairPage:
    """Some pairs; `next_cursor` is empty on the last page."""

    pairs: tuple[Pair, ...]
    next_cursor: str = ""


def list_duplicates(member: Membership, *, cursor: str = "", limit: int = 20) -> PairPage:
    """Return a page of the team's contacts that may be the same; raise `Invalid` for a foreign cursor.

    The older contact of a pair stands first. What somebody said is not the same is left out.
    """
    limit = max(1, min(limit, _MOST))
    after, after_other = _read(cursor)
    with connection.cursor() as asked:
        asked.execute(
            _PAIRS,
            {"team": member.team_id, "after": after, "other": after_other, "limit": limit + 1},
        )
        found = asked.fetchall()
    contacts = _contacts(member, [pk for one, other, _ in found for pk in (one, other)])
    pairs = tuple(
        Pair(contacts[one], contacts[other], tuple(reasons))
        for one, other, reasons in found[:limit]
        if one in contacts and other in contacts
    )
    last = found[limit - 1] if len(found) > limit else None
    return PairPage(pairs, f"{last[0].hex}{last[1].hex}" if last else "")


@transaction.atomic
def say_not_the_same(member: Membership, one: Contact, other: Contact, *, at: datetime) -> None:
    """Remember that these are two people; raise `Invalid` where it is one contact, or `NotFound`."""
    first, second = _pair(member, one, other)
    row, is_new = NotTheSame.objects.get_or_create(
        one=first,
        other=second,
        defaults={"team_id": member.team_id, "said_by": member.user, "said_at": at},
    )
    if is_new:
        _record(member, row, "contacts said not to be the same", at=at)


@transaction.atomic
def take_back_not_the_same(
    member: Membership, one: Contact, other: Contact, *, at: datetime
) -> None:
    """Let these be proposed again; does nothing where nobody said otherwise."""
    first, second = _pair(member, one, other)
    row = NotTheSame.objects.visible_to(member).filter(one=first, other=second).first()
    if row is not None:
        _record(member, row, "contacts may be the same again", at=at)
        row.delete()


def _pair(member: Membership, one: Contact, other: Contact) -> tuple[Contact, Contact]:
    if one.pk == other.pk:
        raise Invalid("That is one contact, not two.", field="other")
    rows = Contact.objects.visible_to(member).filter(pk__in=[one.pk, other.pk]).order_by("pk")
    found = list(rows)
    if len(found) < 2:
        raise NotFound("There is no such contact.", way_out="Perhaps it was merged or deleted.")
    return found[0], found[1]


def _contacts(member: Membership, ids: Sequence[UUID]) -> dict[UUID, Contact]:
    rows = Contact.objects.visible_to(member).filter(pk__in=ids).select_related("employer")
    return {one.pk: one for one in rows.prefetch_related("addresses")}


def _record(member: Membership, row: NotTheSame, what: str, *, at: datetime) -> None:
    record_audit(
        what,
        team_id=member.team_id,
        user=member.user,
        at=at,
        subject=("contact", row.one_id),
        other_id=str(row.other_id),
    )
    announce("contact", team_id=member.team_id, row_id=row.one_id)


def _read(cursor: str) -> tuple[UUID, UUID]:
    try:
        if cursor and len(cursor) != 2 * _ID:
            raise ValueError(cursor)
        return UUID(cursor[:_ID] or "0" * _ID), UUID(cursor[_ID:] or "0" * _ID)
    except ValueError as error:
        raise Invalid(
            "This page cursor is not one of ours.",
            way_out="Start again without a cursor and follow next_cursor.",
            field="cursor",
        ) from error


# Ids grow with time, so the older contact has the smaller one. A number that more than a few have is a switchboard's,
# as is one of two people at one domain who share no name; a name that many have at one domain is no name. Each way of
# being alike is a count over one column that is kept for it; the rest is about the few that share something.
_PAIRS = """
    WITH same_name AS (
        SELECT c.id, c.sort_key, split_part(address.key, '@', 2) AS domain
        FROM (
            SELECT sort_key FROM contacts_contact WHERE team_id = %(team)s
            GROUP BY sort_key HAVING count(*) > 1) shared
        JOIN contacts_contact c ON c.team_id = %(team)s AND c.sort_key = shared.sort_key AND c.name <> ''
        JOIN contacts_contactaddress address ON address.contact_id = c.id
    ), alike (reason, ids) AS (
        SELECT 'name', array_agg(DISTINCT id) FROM same_name
        GROUP BY sort_key, domain HAVING count(DISTINCT id) BETWEEN 2 AND 20
        UNION ALL
        SELECT 'phone', array_agg(c.id) FROM (
            SELECT digits FROM contacts_contact WHERE team_id = %(team)s AND digits IS NOT NULL
            GROUP BY digits HAVING count(*) BETWEEN 2 AND 3) shared
        JOIN contacts_contact c ON c.team_id = %(team)s AND c.digits = shared.digits
        GROUP BY shared.digits
        UNION ALL
        SELECT 'address', array_agg(DISTINCT address.contact_id) FROM (
            SELECT plain FROM contacts_contactaddress WHERE team_id = %(team)s AND plain IS NOT NULL
            GROUP BY plain HAVING count(*) > 1) shared
        JOIN contacts_contactaddress address ON address.team_id = %(team)s AND address.plain = shared.plain
        GROUP BY shared.plain HAVING count(DISTINCT address.contact_id) BETWEEN 2 AND 20
    )
    SELECT one.id, other.id, array_agg(DISTINCT alike.reason ORDER BY alike.reason)
    FROM alike CROSS JOIN LATERAL unnest(ids) AS one (id) CROSS JOIN LATERAL unnest(ids) AS other (id)
    WHERE one.id < other.id AND (one.id, other.id) > (%(after)s, %(other)s)
        AND (alike.reason <> 'phone' OR NOT EXISTS (
            SELECT FROM contacts_contact a, contacts_contact b,
                contacts_contactaddress at_a, contacts_contactaddress at_b
            WHERE a.id = one.id AND b.id = other.id AND at_a.contact_id = a.id AND at_b.contact_id = b.id
                AND split_part(at_a.key, '@', 2) = split_part(at_b.key, '@', 2) AND a.name <> '' AND b.name <> ''
                AND NOT string_to_array(a.sort_key, ' ') && string_to_array(b.sort_key, ' ')))
        AND NOT EXISTS (SELECT FROM contacts_notthesame said WHERE said.one_id = one.id AND said.other_id = other.id)
    GROUP BY one.id, other.id ORDER BY one.id, other.id LIMIT %(limit)s
"""
