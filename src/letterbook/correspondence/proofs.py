"""What must hold of stored email: some mailbox of its own team holds it, and its bytes are those that came."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from zstandard import ZstdError

from letterbook.correspondence.models import Message, MessageSource
from letterbook.correspondence.packing import unpack_source
from letterbook.correspondence.sharing.settling import SAID
from letterbook.teams.proving import Flaw, Proof, Stretch, asks

_HELD = """
    SELECT message.id, message.team_id, coalesce(held.address, ''), flaw.what
    FROM correspondence_message message
    JOIN correspondence_thread thread ON thread.id = message.thread_id
    LEFT JOIN LATERAL (
        SELECT min(mailbox.address) AS address, count(*) AS copies, count(*) FILTER (
            WHERE copy.team_id <> message.team_id OR mailbox.team_id <> message.team_id) AS of_others
        FROM correspondence_mailboxmessage copy JOIN mailboxes_mailbox mailbox ON mailbox.id = copy.mailbox_id
        WHERE copy.message_id = message.id
    ) held ON true
    CROSS JOIN LATERAL (
        SELECT 'no mailbox holds it, so nobody can see it' AS what WHERE held.copies = 0
        UNION ALL
        SELECT 'a mailbox of another team is said to hold it' WHERE held.of_others > 0
        UNION ALL
        SELECT 'its conversation is another team''s' WHERE thread.team_id <> message.team_id
    ) flaw
    WHERE message.id > %(after)s AND message.id <= %(until)s
    ORDER BY message.id, flaw.what
"""


def _altered_sources(stretch: Stretch) -> Iterator[Flaw]:
    sources = MessageSource.objects.filter(pk__gt=stretch.after, pk__lte=stretch.until)
    for source in sources.select_related("mailbox").order_by("pk").iterator(chunk_size=100):
        if not _is_as_it_came(source):
            whose = source.mailbox.address if source.mailbox else ""
            yield Flaw(source.pk, source.team_id, whose, "its bytes are not those that came")


def _is_as_it_came(source: MessageSource) -> bool:
    try:
        raw = unpack_source(source.raw_zstd)
    except ZstdError:
        return False
    return hashlib.sha256(raw).digest() == bytes(source.sha256)


_SETTLED = f"""
    SELECT copy.message_id, copy.team_id, mailbox.address, 'a copy is not shared as its owner decided'
    FROM correspondence_mailboxmessage copy
    JOIN mailboxes_mailbox mailbox ON mailbox.id = copy.mailbox_id
    JOIN ({SAID} WHERE m.id > %(after)s AND m.id <= %(until)s) AS said ON said.id = copy.id
    WHERE copy.message_id IS NOT NULL
        AND (copy.shared_as, copy.shared_with) IS DISTINCT FROM (said.shared_as, said.shared_with)
    ORDER BY copy.message_id, mailbox.address
"""  # noqa: S608 - put together from constants

PROOFS = (
    Proof(
        name="sharing",
        claim="Each copy is shared as its mailbox's owner decided for its labels, conversation and contacts.",
        walks=Message,
        find=asks(_SETTLED),
        way_out="Have the owner choose again how the conversation or the contact is shared.",
    ),
    Proof(
        name="copies",
        claim="Each stored email is held by a mailbox of its own team, and by no other team's.",
        walks=Message,
        find=asks(_HELD),
        way_out="Report it as a bug of Letterbook, with this line: no command can bring this about.",
    ),
    Proof(
        name="sources",
        claim="The bytes of each stored email are those that came.",
        walks=Message,
        find=_altered_sources,
        way_out="Take the email's source from a backup, or from the mailbox that holds it.",
    ),
)
