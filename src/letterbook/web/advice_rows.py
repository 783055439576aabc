"""Advice as rows, each with its way out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import prefetch_related_objects

from letterbook.contacts.models import Contact
from letterbook.insights.advice import Advice


@dataclass(frozen=True, slots=True)
class AdviceRow:
    """One thing worth doing; `write_to` is the address to write to where that is what is worth doing, else ""."""

    advice: Advice
    write_to: str


def advice_rows(advice: Sequence[Advice]) -> list[AdviceRow]:
    """Return the rows of these, in their order; one query for all addresses."""
    prefetch_related_objects([one.contact for one in advice if one.contact], "addresses")
    return [AdviceRow(one, _write_to(one)) for one in advice]


def _write_to(advice: Advice) -> str:
    return _address(advice.contact) if advice.kind == "going_cold" and advice.contact else ""


def _address(contact: Contact) -> str:
    first = min(contact.addresses.all(), key=lambda one: (not one.is_primary, one.pk), default=None)
    return first.address if first else ""
