"""Who sees which rows, table by table: what `visible_to` says, once more in PostgreSQL's own words (decision 0015).

A table that is not here is closed to everybody who looks. A policy is the condition under which a row exists for the
one who looks; a question inside it is asked with the same eyes, so that a recipient is seen where the email is.
"""

from __future__ import annotations

from dataclasses import dataclass

_TEAM = "team_id = (SELECT letterbook_team())"
_PERSON = "(SELECT letterbook_person())"
# The one who looks, as the request's first question said; nobody, where none was said.
MEMBERSHIP = "nullif(current_setting('letterbook.membership', true), '')::uuid"
_MEMBERSHIP = f"(SELECT {MEMBERSHIP})"
_ADMINISTERS = "(SELECT letterbook_may_administer())"
# Arrays that are read once a statement, not once a row.
_OWN = "ANY ((SELECT letterbook_own_mailboxes())::uuid[])"
_KNOWN = "ANY ((SELECT letterbook_known_mailboxes())::uuid[])"
_LET_IN = "ANY ((SELECT letterbook_mailboxes_let_in_to())::uuid[])"
_READABLE = "ANY ((SELECT letterbook_readable_mailboxes())::uuid[])"


# By index, a few at a time: left alone, PostgreSQL reads all copies first, even for a page of thirty lines.
_ONE_BY_ONE = " OFFSET 0"


@dataclass(frozen=True, slots=True)
class Wall:
    """Which rows of a table are there for the one who looks, and which they may write."""

    sees: str
    writes: str = _TEAM
    may: str = "SELECT, INSERT, UPDATE, DELETE"


def _knows_message(column: str) -> str:
    return (
        "EXISTS (SELECT FROM correspondence_mailboxmessage copy"
        f" WHERE copy.message_id = {column}{_ONE_BY_ONE})"
    )


def _of_email(table: str, condition: str = "true") -> str:
    return (
        f"{_TEAM} AND EXISTS (SELECT FROM outgoing_outgoingemail email"
        f" WHERE email.id = {table}.email_id AND ({condition}){_ONE_BY_ONE})"
    )


_MY_EMAIL = f"email.author_id = {_PERSON} OR email.mailbox_id = {_OWN}"
_READ_EMAIL = (
    f"{_MY_EMAIL} OR (email.mailbox_id = {_READABLE}"
    " AND (coalesce(email.unsent_sharing, 3) >= 3 OR email.message_id IS NOT NULL))"
)
_IN_TEAM = "ANY ((SELECT letterbook_mailboxes())::uuid[])"
_OWN_MAILBOX = Wall(f"{_TEAM} AND mailbox_id = {_OWN}")
_OF_THE_TEAM = Wall(_TEAM)

WALLS: dict[str, Wall] = {
    # People. One sees the teams one is in, whoever is or was in this one, and nobody else.
    "teams_team": Wall(
        "id = ANY ((SELECT letterbook_my_teams())::uuid[])",
        writes="id = (SELECT letterbook_team())",
    ),
    "teams_membership": Wall(f"{_TEAM} OR user_id = {_PERSON}"),
    "teams_user": Wall(
        "id = ANY ((SELECT letterbook_people())::uuid[]) OR letterbook_was_here(id)",
        writes=f"id = {_PERSON}",
        may="SELECT, UPDATE",
    ),
    "teams_invitation": Wall(f"{_TEAM} AND {_ADMINISTERS}"),
    "teams_apitoken": Wall(f"member_id = {_MEMBERSHIP}"),
    # One's own entries too: writing one reads its number back.
    "teams_auditentry": Wall(
        f"{_TEAM} AND ({_ADMINISTERS} OR user_id = {_PERSON})", may="SELECT, INSERT"
    ),
    # Contacts belong to the team.
    "contacts_contact": _OF_THE_TEAM,
    "contacts_contactaddress": _OF_THE_TEAM,
    "contacts_contactmerge": _OF_THE_TEAM,
    "contacts_contactsplit": _OF_THE_TEAM,
    "contacts_bulkedit": _OF_THE_TEAM,
    "contacts_erasurekey": _OF_THE_TEAM,
    "contacts_erasedaddress": _OF_THE_TEAM,
    "contacts_notthesame": _OF_THE_TEAM,
    "contacts_company": _OF_THE_TEAM,
    "contacts_companydomain": _OF_THE_TEAM,
    "contacts_tag": _OF_THE_TEAM,
    "contacts_customfield": _OF_THE_TEAM,
    # That a mailbox exists and how it fares is the team's; a grant is sealed with a key that is not in here.
    "mailboxes_mailbox": _OF_THE_TEAM,
    "mailboxes_grant": _OF_THE_TEAM,
    "mailboxes_sendasaddress": _OF_THE_TEAM,
    "mailboxes_mailboxlabel": _OWN_MAILBOX,
    "mailboxes_allowance": _OF_THE_TEAM,
    "mailboxes_storingrule": Wall(f"{_TEAM} AND (mailbox_id IS NULL OR mailbox_id = {_OWN})"),
    # Stored email: everything follows from the copies. All that is asked of a copy here is in one index.
    "correspondence_mailboxmessage": Wall(
        f"mailbox_id = {_OWN}"
        f" OR (mailbox_id = {_KNOWN} AND shared_as IS NULL AND message_id IS NOT NULL)"
        f" OR (mailbox_id = {_IN_TEAM} AND message_id IS NOT NULL"
        f" AND (shared_as >= 1 OR {_PERSON} = ANY (shared_with)))"
    ),
    "correspondence_message": Wall(f"{_TEAM} AND {_knows_message('correspondence_message.id')}"),
    "correspondence_thread": Wall(
        f"{_TEAM} AND EXISTS (SELECT FROM correspondence_message message"
        f" WHERE message.thread_id = correspondence_thread.id{_ONE_BY_ONE})"
    ),
    "correspondence_messagesource": Wall(
        f"{_TEAM} AND EXISTS (SELECT FROM correspondence_mailboxmessage copy"
        " WHERE copy.message_id = correspondence_messagesource.message_id"
        f" AND (copy.mailbox_id = {_OWN}"
        f" OR (copy.mailbox_id = {_READABLE} AND copy.shared_as IS NULL)"
        f" OR (copy.mailbox_id = {_LET_IN} AND copy.shared_as >= 1)"
        f" OR copy.shared_as >= 3 OR {_PERSON} = ANY (copy.shared_with)){_ONE_BY_ONE})"
    ),
    "correspondence_laterfact": Wall(
        f"{_TEAM} AND {_knows_message('correspondence_laterfact.message_id')}"
        f" AND {_knows_message('correspondence_laterfact.evidence_id')}"
    ),
    "correspondence_quarantinedsource": Wall(
        f"{_TEAM} AND EXISTS (SELECT FROM correspondence_mailboxmessage copy"
        " WHERE copy.id = correspondence_quarantinedsource.mailbox_message_id"
        f" AND copy.mailbox_id = {_OWN}{_ONE_BY_ONE})"
    ),
    # What an owner chose is the owner's; who was let in, asked or read is known to both.
    "correspondence_sharingchoice": _OWN_MAILBOX,
    "correspondence_hidinglabels": _OWN_MAILBOX,
    "correspondence_privateemail": _OWN_MAILBOX,
    "correspondence_privatemessage": Wall(
        f"{_TEAM} AND EXISTS (SELECT FROM correspondence_privateemail email"
        " WHERE email.id = correspondence_privatemessage.email_id"
        f" AND email.mailbox_id = {_OWN}{_ONE_BY_ONE})"
    ),
    "correspondence_admission": Wall(f"{_TEAM} AND (mailbox_id = {_OWN} OR user_id = {_PERSON})"),
    "correspondence_accessrequest": Wall(
        f"{_TEAM} AND (mailbox_id = {_OWN} OR asked_by_id = {_PERSON})"
    ),
    "correspondence_opening": Wall(f"{_TEAM} AND (mailbox_id = {_OWN} OR user_id = {_PERSON})"),
    "timeline_activity": Wall(
        f"{_TEAM} AND ((message_id IS NULL AND (NOT is_private OR user_id = {_PERSON}))"
        f" OR {_knows_message('timeline_activity.message_id')})"
    ),
    "timeline_activitychange": Wall(
        f"{_TEAM} AND EXISTS (SELECT FROM timeline_activity line"
        " WHERE line.id = timeline_activitychange.activity_id"
        f" AND (NOT was_private OR line.user_id = {_PERSON}){_ONE_BY_ONE})"
    ),
    # A picture is found by the digest of its address, which only its email tells.
    "pictures_remotepicture": _OF_THE_TEAM,
    "pictures_welcomesender": Wall(f"member_id = {_MEMBERSHIP}"),
    # What is being written and sent: a draft is its author's and its mailbox's owner's alone.
    "outgoing_outgoingemail": Wall(
        f"{_TEAM} AND (author_id = {_PERSON} OR mailbox_id = {_OWN}"
        f" OR (mailbox_id = {_KNOWN} AND status <> 'draft' AND NOT is_private"
        " AND (coalesce(unsent_sharing, 3) >= 1 OR message_id IS NOT NULL)))"
    ),
    "outgoing_recipient": Wall(
        f"{_of_email('outgoing_recipient')} AND (kind <> 'bcc'"
        f" OR {_of_email('outgoing_recipient', _READ_EMAIL)})"
    ),
    "outgoing_outgoingattachment": Wall(_of_email("outgoing_outgoingattachment", _READ_EMAIL)),
    "outgoing_draftversion": Wall(_of_email("outgoing_draftversion", _MY_EMAIL)),
    "outgoing_regarding": Wall(_of_email("outgoing_regarding")),
    "outgoing_statuschange": Wall(_of_email("outgoing_statuschange"), may="SELECT, INSERT"),
    "outgoing_deliveryattempt": Wall(_of_email("outgoing_deliveryattempt")),
    "outgoing_frozenemail": Wall(_of_email("outgoing_frozenemail", _READ_EMAIL)),
    "outgoing_failure": Wall(
        f"{_TEAM} AND (author_id = {_PERSON} OR mailbox_id = {_OWN}"
        f" OR (mailbox_id = {_KNOWN} AND NOT letterbook_is_private(email_id)))"
    ),
    "outgoing_emailtemplate": Wall(f"{_TEAM} AND (owner_id IS NULL OR owner_id = {_MEMBERSHIP})"),
    "outgoing_failurenotice": Wall(f"member_id = {_MEMBERSHIP}"),
    "outgoing_pace": _OF_THE_TEAM,
    "outgoing_unsubscription": _OF_THE_TEAM,
    # How a mailbox was read is its owner's; the numbers of its ledger say how it fares.
    "incoming_retrievalrun": _OWN_MAILBOX,
    "incoming_coveragecheck": _OWN_MAILBOX,
    "incoming_checkedday": _OWN_MAILBOX,
    "incoming_ledgercount": Wall(
        "mailbox_id IN (SELECT box.id FROM mailboxes_mailbox box)",
        writes="mailbox_id IN (SELECT box.id FROM mailboxes_mailbox box)",
    ),
    "api_idempotencykey": Wall(f"member_id = {_MEMBERSHIP}"),
}

# Tables of others that a request of a member reads or writes; none holds anything of a team but ids.
OPEN = {
    "django_session": "SELECT, INSERT, UPDATE, DELETE",
    "django_content_type": "SELECT",
    "procrastinate_jobs": "SELECT, INSERT, UPDATE",
    "procrastinate_events": "SELECT, INSERT",
    "procrastinate_workers": "SELECT",
}

_MY_TEAMS_MAILBOXES = (
    "SELECT array_agg(box.id) FROM teams_membership me"
    " JOIN mailboxes_mailbox box ON box.team_id = me.team_id WHERE me.id = {me}"
)
_IS_LET_IN = (
    "EXISTS (SELECT FROM correspondence_admission WHERE mailbox_id = box.id"
    " AND user_id = me.user_id AND keys IS NULL AND thread_id IS NULL"
    " AND ended_at IS NULL AND (ends_at IS NULL OR ends_at > statement_timestamp()))"
)
# What a policy asks, answered from the membership alone by the owner of the tables. plpgsql keeps its plans.
FUNCTIONS: dict[str, tuple[str, str]] = {
    "letterbook_team()": ("uuid", "SELECT team_id FROM teams_membership WHERE id = {me}"),
    "letterbook_person()": ("uuid", "SELECT user_id FROM teams_membership WHERE id = {me}"),
    "letterbook_may_administer()": (
        "boolean",
        "SELECT role IN ('owner', 'admin') FROM teams_membership WHERE id = {me}",
    ),
    "letterbook_my_teams()": (
        "uuid[]",
        "SELECT array_agg(mine.team_id) FROM teams_membership me"
        " JOIN teams_membership mine ON mine.user_id = me.user_id WHERE me.id = {me}",
    ),
    "letterbook_people()": (
        "uuid[]",
        "SELECT array_agg(other.user_id) FROM teams_membership me"
        " JOIN teams_membership other ON other.team_id = me.team_id WHERE me.id = {me}",
    ),
    # Whoever left is still the author of what they wrote.
    "letterbook_was_here(who uuid)": (
        "boolean",
        "SELECT EXISTS (SELECT FROM mailboxes_mailbox"
        " WHERE owner_id = who AND team_id = letterbook_team())"
        " OR EXISTS (SELECT FROM outgoing_outgoingemail"
        " WHERE author_id = who AND team_id = letterbook_team())"
        " OR EXISTS (SELECT FROM teams_auditentry"
        " WHERE user_id = who AND team_id = letterbook_team())",
    ),
    # Of an email that whoever asks may not see: whether its failures are theirs to see.
    "letterbook_is_private(email uuid)": (
        "boolean",
        "SELECT is_private OR (coalesce(unsent_sharing, 3) = 0 AND message_id IS NULL)"
        " FROM outgoing_outgoingemail WHERE id = email AND team_id = letterbook_team()",
    ),
    "letterbook_mailboxes()": ("uuid[]", _MY_TEAMS_MAILBOXES),
    "letterbook_own_mailboxes()": (
        "uuid[]",
        f"{_MY_TEAMS_MAILBOXES} AND box.owner_id = me.user_id",
    ),
    "letterbook_mailboxes_let_in_to()": ("uuid[]", f"{_MY_TEAMS_MAILBOXES} AND {_IS_LET_IN}"),
    "letterbook_known_mailboxes()": (
        "uuid[]",
        f"{_MY_TEAMS_MAILBOXES} AND (box.sharing >= 1 OR box.owner_id = me.user_id OR {_IS_LET_IN})",
    ),
    "letterbook_readable_mailboxes()": (
        "uuid[]",
        f"{_MY_TEAMS_MAILBOXES} AND (box.sharing >= 3 OR box.owner_id = me.user_id OR {_IS_LET_IN})",
    ),
}
