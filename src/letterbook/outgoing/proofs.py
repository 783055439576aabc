"""What must hold of outgoing email: its history is whole and true, and what is called sent was sent."""

from __future__ import annotations

from collections.abc import Iterator

from letterbook.outgoing.models import FrozenEmail, OutgoingEmail
from letterbook.outgoing.releasing import is_held_by_source
from letterbook.outgoing.status import ALLOWED
from letterbook.teams.proving import Flaw, Proof, Stretch, asks

_HISTORY = """
    WITH line AS (
        SELECT row, row.email_id, row.team_id, row.number, row.hash,
            row_number() OVER story AS place, lag(row.hash, 1, ''::bytea) OVER story AS hash_before,
            count(*) OVER (PARTITION BY row.email_id) AS lines
        FROM outgoing_statuschange row
        WHERE row.email_id > %(after)s AND row.email_id <= %(until)s
        WINDOW story AS (PARTITION BY row.email_id ORDER BY row.number, row.id)
    ), flaw AS (
        SELECT email_id, team_id, 'line ' || number || ' of its history was changed' AS what
        FROM line WHERE (row).erased_at IS NULL AND hash <> outgoing_change_hash(hash_before, row)
        UNION ALL
        SELECT line.email_id, line.team_id, 'line ' || line.number || ' of its history is called erased and was not'
        FROM line JOIN outgoing_outgoingemail email ON email.id = line.email_id
        WHERE (row).erased_at IS NOT NULL
            AND (email.erased_at IS NULL OR (row).reason <> '' OR (row).error <> '')
        UNION ALL
        SELECT email_id, team_id, 'line ' || min(place) || ' of its history is missing or was put in'
        FROM line WHERE number <> place GROUP BY email_id, team_id
        UNION ALL
        SELECT email.id, email.team_id,
            'its history should end with line ' || email.history_length || ' and does not'
        FROM outgoing_outgoingemail email LEFT JOIN line ON line.email_id = email.id AND place = lines
        WHERE email.id > %(after)s AND email.id <= %(until)s
            AND (email.history_length, email.history_hash) IS DISTINCT FROM (coalesce(number, 0), coalesce(hash, ''))
        UNION ALL
        SELECT email_id, team_id, 'the email is gone and its history is left'
        FROM line WHERE place = 1 AND NOT EXISTS (SELECT 1 FROM outgoing_outgoingemail WHERE id = email_id)
    )
    SELECT flaw.email_id, flaw.team_id, coalesce(mailbox.address, ''), flaw.what
    FROM flaw LEFT JOIN outgoing_outgoingemail email ON email.id = flaw.email_id
    LEFT JOIN mailboxes_mailbox mailbox ON mailbox.id = email.mailbox_id
    ORDER BY flaw.email_id, flaw.what
"""
_REPLAY = """
    WITH line AS (
        SELECT email_id, number, old, new, lag(new, 1, '') OVER story AS new_before,
            row_number() OVER (PARTITION BY email_id ORDER BY number DESC, id DESC) AS from_end
        FROM outgoing_statuschange
        WHERE email_id > %(after)s AND email_id <= %(until)s
        WINDOW story AS (PARTITION BY email_id ORDER BY number, id)
    ), flaw AS (
        SELECT email_id, 'line ' || number || ' of its history does not follow from the one before' AS what
        FROM line WHERE old <> new_before OR old || ':' || new <> ALL(%(moves)s)
        UNION ALL
        SELECT email.id, 'it is ' || email.status || ', but its history ends at ' || coalesce(line.new, 'nothing')
        FROM outgoing_outgoingemail email LEFT JOIN line ON line.email_id = email.id AND from_end = 1
        WHERE email.id > %(after)s AND email.id <= %(until)s AND email.status IS DISTINCT FROM line.new
    )
    SELECT email.id, email.team_id, mailbox.address, flaw.what
    FROM flaw JOIN outgoing_outgoingemail email ON email.id = flaw.email_id
    JOIN mailboxes_mailbox mailbox ON mailbox.id = email.mailbox_id
    ORDER BY email.id, flaw.what
"""
_FROZEN = """
    SELECT email.id, email.team_id, mailbox.address,
        'the bytes of its queueing no. ' || frozen.round || ' are not those that were kept then'
    FROM outgoing_frozenemail frozen
    JOIN outgoing_outgoingemail email ON email.id = frozen.email_id
    JOIN mailboxes_mailbox mailbox ON mailbox.id = email.mailbox_id
    WHERE email.id > %(after)s AND email.id <= %(until)s
        AND frozen.released_size IS NULL AND sha256(frozen.raw) <> frozen.sha256
    ORDER BY email.id, frozen.round
"""
_SENT = """
    WITH email AS (
        SELECT email.*, mailbox.address, (
            SELECT count(*) FROM outgoing_deliveryattempt attempt
            WHERE attempt.email_id = email.id AND attempt.outcome = 'accepted') AS accepted
        FROM outgoing_outgoingemail email JOIN mailboxes_mailbox mailbox ON mailbox.id = email.mailbox_id
        WHERE email.id > %(after)s AND email.id <= %(until)s
    )
    SELECT id, team_id, address, what FROM email, LATERAL (
        SELECT 'it is called sent without Gmail''s id or time' AS what
        WHERE status = 'sent' AND (gmail_message_id = '' OR sent_at IS NULL)
        UNION ALL
        SELECT 'it is called sent, and ' || accepted || ' attempts were accepted'
        WHERE status = 'sent' AND accepted <> 1
        UNION ALL
        SELECT 'Gmail accepted it, and it is called ' || status WHERE status <> 'sent' AND accepted > 0
        UNION ALL
        SELECT 'its copy in the history is not the one that its mailbox holds under Gmail''s id'
        WHERE message_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM correspondence_mailboxmessage held WHERE held.mailbox_id = email.mailbox_id
            AND held.provider_id = email.gmail_message_id AND held.message_id = email.message_id)
    ) flaw
    ORDER BY id, what
"""


def _altered_bytes(stretch: Stretch) -> Iterator[Flaw]:
    yield from asks(_FROZEN)(stretch)
    released = FrozenEmail.objects.filter(
        email__gt=stretch.after,
        email__lte=stretch.until,
        released_size__isnull=False,
        email__message__isnull=False,
    )
    for frozen in released.select_related("email__mailbox").iterator(chunk_size=100):
        if not is_held_by_source(frozen):
            email = frozen.email
            what = f"its source does not hold the bytes of its queueing no. {frozen.round} any more"
            yield Flaw(email.pk, email.team_id, email.mailbox.address, what)


_CHANGED_BY_HAND = (
    "Somebody changed the database by hand. Compare with a backup, and see who could write to it."
)
HISTORY = Proof(
    name="history",
    claim="Each outgoing email's history is as it was written, and none of it is missing.",
    walks=OutgoingEmail,
    find=asks(_HISTORY),
    way_out=_CHANGED_BY_HAND,
)
PROOFS = (
    HISTORY,
    Proof(
        name="status",
        claim="Each outgoing email's history leads to its status by allowed moves.",
        walks=OutgoingEmail,
        find=asks(_REPLAY, moves=[":draft", *(f"{old}:{new}" for old, new in sorted(ALLOWED))]),
        way_out=_CHANGED_BY_HAND,
    ),
    Proof(
        name="frozen bytes",
        claim="The bytes that were handed over are the bytes that were kept.",
        walks=OutgoingEmail,
        find=_altered_bytes,
        way_out="The copy in the mailbox's Sent folder shows what really went out.",
    ),
    Proof(
        name="sent",
        claim="What is called sent was accepted exactly once, and its copy is the one in the mailbox.",
        walks=OutgoingEmail,
        find=asks(_SENT),
        way_out="Look for it in the mailbox's Sent folder; its page shows every attempt.",
    ),
)
