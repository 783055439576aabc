"""What a request about an outgoing email may contain."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import Field

from letterbook.api.shapes import Given, Moment, Text

_Addresses = list[Text]
EVEN_IF_UNFILLED = Field(
    default=False, description="queue it although a merge field stands in it, as {{ contact.name }}"
)


class OutgoingGiven(Given):
    """A new draft. Addresses are written as `Anna Lind <anna@lindwerk.example>` or without the name."""

    mailbox_id: UUID
    to: _Addresses = Field(default=[], max_length=2_000)
    cc: _Addresses = Field(default=[], max_length=2_000)
    bcc: _Addresses = Field(default=[], max_length=2_000)
    subject: Text = ""
    html: Text = ""
    from_address: Text = Field(
        default="", description="one the mailbox may send as; its own when empty"
    )
    asks_unsubscribe: bool = Field(default=False, description="it carries List-Unsubscribe")
    is_private: bool = Field(
        default=False, description="nobody else in the team sees it, waiting or sent"
    )
    answers: UUID | None = Field(default=None, description="the message this answers")
    queue: bool = Field(default=False, description="queue it as well, all or nothing")
    send_at: Moment | None = Field(default=None, description="not before; needs `queue`")
    even_if_unfilled: bool = EVEN_IF_UNFILLED


class OutgoingChanges(Given):
    """What is to be different in a draft; `version` is the one you read, so that nobody's words are lost."""

    version: int = Field(ge=1, le=2_000_000_000)
    mailbox_id: UUID | None = None
    to: _Addresses | None = Field(default=None, max_length=2_000)
    cc: _Addresses | None = Field(default=None, max_length=2_000)
    bcc: _Addresses | None = Field(default=None, max_length=2_000)
    subject: Text | None = None
    html: Text | None = None
    from_address: Text | None = None
    asks_unsubscribe: bool | None = None
    is_private: bool | None = None


class QueueingGiven(Given):
    """When it shall leave: at once, or not before `send_at`."""

    send_at: Moment | None = None
    version: int | None = Field(default=None, ge=1, le=2_000_000_000)
    even_if_unfilled: bool = EVEN_IF_UNFILLED


class RetryGiven(Given):
    """`even_if_unconfirmed`: send again although nobody can know whether it was sent."""

    even_if_unconfirmed: bool = False


class MovingGiven(Given):
    """When a queued email shall leave instead: now, or not before `send_at`."""

    send_at: Moment | None = None


class PrivacyGiven(Given):
    """Whether an email, and what answers it, is kept from the team, or shared as its mailbox is."""

    is_private: bool


class SettlingGiven(Given):
    """What a person decides about a failed email: that it was sent after all, or that nothing more shall happen."""

    resolution: Literal["sent", "dismissed"]


class RegardingGiven(Given):
    """A record that an email is about: one of ours by its id, or another system's with a name and a link."""

    subject_type: Text = Field(max_length=40)
    subject_id: Text = Field(max_length=200)
    label: Text = Field(default="", max_length=2_000)
    url: Text = Field(default="", max_length=2_000)
