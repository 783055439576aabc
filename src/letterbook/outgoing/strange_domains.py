"""Recipients whose domain may be taken for one that the team knows."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import CharField, F, Func, Q
from django.db.models.functions import Length

from letterbook.contacts.models import ContactAddress
from letterbook.mailboxes.own_addresses import own_addresses
from letterbook.mime.look_alikes import look_alike, shown_domain
from letterbook.teams.models import Membership

MOST = 50


class _Domain(Func):
    template = "substring(%(expressions)s from '[^@]*$')"
    output_field = CharField()


def strange_domains(member: Membership, domains: Iterable[str]) -> dict[str, str]:
    """Return which of these domains look like one of a contact's or of the team's own, each with that one."""
    asked = sorted(set(domains))[:MOST]
    if not asked:
        return {}
    known = _known_domains(member, asked)
    found = ((domain, look_alike(domain, known)) for domain in asked)
    return {domain: other for domain, other in found if other}


def _known_domains(member: Membership, asked: list[str]) -> set[str]:
    """Return the known domains that are about as long as those asked about: no other can be like them."""
    lengths = {len(shown_domain(one)) + more for one in asked for more in range(-2, 3)}
    lengths |= {len(one) for one in asked}
    addresses = ContactAddress.objects.visible_to(member).annotate(domain=_Domain(F("key")))
    near = addresses.annotate(size=Length("domain")).filter(
        Q(size__in=lengths) | Q(domain__contains="xn--")
    )
    own = {key.rpartition("@")[2] for key in own_addresses(member.team_id)}
    return own | set(near.order_by().values_list("domain", flat=True).distinct())
