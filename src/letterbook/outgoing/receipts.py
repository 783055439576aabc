"""The provider's receipt: what is written the moment an email is known to be sent, in one statement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from letterbook.outgoing.actors import Actor
from letterbook.outgoing.prepared import first_row


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the provider says of an email that it accepted."""

    sent_at: datetime
    gmail_message_id: str
    gmail_thread_id: str = ""


def write_receipt(
    email_id: UUID, receipt: Receipt, by: Actor, *, attempt: int, at: datetime
) -> bool:
    """Move queued → sent, append to the history, end the attempt; False when that one does not hold it."""
    written = first_row(
        _WRITE,
        [
            *(
                at,
                receipt.sent_at,
                receipt.gmail_message_id,
                receipt.gmail_thread_id,
                email_id,
                attempt,
            ),
            *(at, f"Gmail's id is {receipt.gmail_message_id}.", attempt),
            *(at, by.kind, by.user_id, by.name, attempt),
        ],
    )
    return written is not None


# The first part is the fence. The trigger that chains the history changes the same row once more, after it.
_WRITE = """
    WITH sent AS (
        UPDATE outgoing_outgoingemail SET status = 'sent', updated_at = %s, sent_at = %s, gmail_message_id = %s,
            gmail_thread_id = %s, due_at = NULL, due_reason = '', leased_until = NULL
        WHERE id = %s AND status = 'queued' AND attempt = %s RETURNING id, team_id),
    ended AS (
        UPDATE outgoing_deliveryattempt attempt SET ended_at = %s, outcome = 'accepted', error = '', evidence = %s
        FROM sent WHERE attempt.email_id = sent.id AND attempt.number = %s AND attempt.ended_at IS NULL)
    INSERT INTO outgoing_statuschange (
        email_id, team_id, old, new, at, actor, user_id, actor_name, reason, attempt, error, number, hash)
    SELECT id, team_id, 'queued', 'sent', %s, %s, %s, %s, '', %s, '', 0, '' FROM sent RETURNING id
"""
