"""What must hold of the timelines: each stored email is on the timeline of each contact on it, once."""

from __future__ import annotations

from letterbook.correspondence.models import Message
from letterbook.teams.proving import Proof, asks

# A contact keeps the mail of an address that was taken from them, so a line may have no address to show for it. A line
# that somebody deleted is there as its own tombstone. Whoever erased their mailbox's mail leaves their name on what
# others hold as well.
_LINES = """
    WITH own (team_id, key) AS (
        SELECT team_id, address_key FROM mailboxes_mailbox
        UNION
        SELECT team_id, key FROM mailboxes_sendasaddress WHERE is_verified
    ), message AS (
        SELECT id, team_id, direction, sent_by_id, occurred_at, address_keys FROM correspondence_message
        WHERE id > %(after)s AND id <= %(until)s
    ), flaw AS (
        SELECT DISTINCT message.id, message.team_id, contact.id AS contact_id,
            'it is not in the history of a contact who is on it' AS what
        FROM message
        CROSS JOIN LATERAL unnest(message.address_keys) AS on_it (key)
        JOIN contacts_contactaddress address ON address.team_id = message.team_id AND address.key = on_it.key
        JOIN contacts_contact contact ON contact.id = address.contact_id
        WHERE NOT EXISTS (SELECT 1 FROM own WHERE own.team_id = message.team_id AND own.key = on_it.key)
            AND NOT EXISTS (SELECT 1 FROM timeline_activity line
                            WHERE line.contact_id = contact.id AND line.message_id = message.id)
        UNION ALL
        SELECT message.id, message.team_id, line.contact_id,
            CASE WHEN line.team_id <> message.team_id OR contact.team_id <> message.team_id
                THEN 'it is in the history of another team''s contact'
                ELSE 'a line of a contact''s history tells another time or direction than the email' END
        FROM message
        JOIN timeline_activity line ON line.message_id = message.id
        JOIN contacts_contact contact ON contact.id = line.contact_id
        WHERE (line.team_id, contact.team_id, line.direction, line.occurred_at)
            <> (message.team_id, message.team_id, message.direction, message.occurred_at)
        UNION ALL
        SELECT message.id, message.team_id, line.contact_id,
            'a line of a contact''s history is attributed to somebody who neither sent nor received the email'
        FROM message
        JOIN timeline_activity line ON line.message_id = message.id
        WHERE CASE WHEN message.direction = 'out' THEN line.user_id IS DISTINCT FROM message.sent_by_id
            ELSE line.user_id IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM correspondence_mailboxmessage held
                                JOIN mailboxes_mailbox mailbox ON mailbox.id = held.mailbox_id
                                WHERE held.message_id = message.id AND mailbox.owner_id = line.user_id)
                AND NOT EXISTS (SELECT 1 FROM correspondence_mailboxmessage held
                                JOIN mailboxes_mailbox mailbox ON mailbox.id = held.mailbox_id
                                WHERE held.hidden_message_id = message.id AND mailbox.owner_id = line.user_id)
                AND NOT EXISTS (SELECT 1 FROM teams_auditentry erased
                                JOIN mailboxes_mailbox mailbox ON mailbox.id::text = erased.subject_id
                                WHERE erased.team_id = message.team_id AND erased.what = 'mail erased'
                                    AND mailbox.owner_id = line.user_id) END
    )
    SELECT flaw.id, flaw.team_id, 'contact ' || flaw.contact_id, flaw.what
    FROM flaw ORDER BY flaw.id, flaw.contact_id, flaw.what
"""

PROOFS = (
    Proof(
        name="timelines",
        claim=(
            "Each stored email is in the history of each contact on it exactly once or was taken out by somebody, in no"
            " other team's, with its time, its direction and whoever sent or received it."
        ),
        walks=Message,
        find=asks(_LINES),
        way_out="Take the address from the contact and add it again: what is missing is then added.",
    ),
)
