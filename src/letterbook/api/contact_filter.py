"""What a request may narrow the list of contacts to."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from ninja import Schema
from pydantic import Field

from letterbook.api.shapes import Text
from letterbook.contacts.filtering import ContactFilter


class ContactsAsked(Schema):
    """Which contacts. What asks about email counts only what the caller may know of."""

    q: Text = Field(default="", description="beginnings of words of name, company or address")
    owner: Text = Field(default="", max_length=40, description="a person's id, me, or nobody")
    tag: UUID | None = None
    company: UUID | None = None
    field: UUID | None = Field(default=None, description="one of GET /contact-fields, with value")
    value: Text = Field(default="", max_length=1000)
    how: Literal["is", "holds", "from", "to", "none"] = Field(
        default="is", description="how the field is compared; numbers and dates have from and to"
    )
    quiet_days: int | None = Field(
        default=None, ge=0, le=36_500, description="no email either way for so many days"
    )
    answered: Literal["", "never-by-them", "never-by-us"] = ""
    has_bounced: bool = Field(default=False, description="an address of theirs is no good")
    order: Literal["name", "added"] = "name"

    def as_filter(self) -> ContactFilter:
        """Return it as the lists take it."""
        return ContactFilter(
            query=self.q,
            owner=self.owner,
            tag=self.tag,
            company=self.company,
            field=self.field,
            value=self.value,
            how=self.how,
            order=self.order,
            quiet_days=self.quiet_days,
            answered=self.answered,
            has_bounced=self.has_bounced,
        )
