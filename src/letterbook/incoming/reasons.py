"""What a ledger row says, in words: what became of the message, whose rule that was, and what can be done about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.db.models import Q

from letterbook.correspondence.ledger import EVIDENCE
from letterbook.correspondence.models import LedgerState, MailboxMessage, SkipReason
from letterbook.mailboxes.models import Mailbox, StoringRule

State = Literal["stored", "skipped", "waiting", "quarantined", "gone", "not_listed"]


@dataclass(frozen=True, slots=True)
class Reason:
    """What became of one message: `state` for programs, `why` and `what_to_do` for people."""

    state: State
    why: str
    what_to_do: str = ""

    @property
    def is_for_want_of_a_contact(self) -> bool:
        """Whether it would come if somebody on it were a contact."""
        return self.what_to_do == _ADD_CONTACT


def reason_for(mailbox: Mailbox, row: MailboxMessage, *, contacts: str = "") -> Reason:
    """Return the reason in a ledger row of this mailbox; `contacts` names those on whose timelines it is."""
    if row.state == LedgerState.STORED:
        return _stored(row, contacts)
    if row.state == LedgerState.SKIPPED:
        return _skipped(mailbox, row)
    if row.state == LedgerState.WAITING:
        return _waiting(mailbox, row)
    if row.state == LedgerState.QUARANTINED:
        return Reason(
            "quarantined",
            row.error,
            "Its source is kept as it came. Try to read it again from the quarantine, or dismiss it.",
        )
    if row.hidden_message_id:
        return Reason(
            "gone",
            f"It was deleted at Gmail, and {mailbox.owner} hides what is deleted there.",
            "It is kept all the same: it can be shown again on the mailbox's page.",
        )
    return Reason("gone", "It was deleted at Gmail before it could be fetched.")


def _skipped(mailbox: Mailbox, row: MailboxMessage) -> Reason:
    said, what_to_do = _SKIPPED[SkipReason(row.reason)]
    why = said.format(owner=mailbox.owner)
    if row.rule is not None:
        why, what_to_do = _by_rule(row.rule), _END_RULE
    if row.is_of_a_file:
        what_to_do = _OF_A_FILE.get(what_to_do, _IMPORT_AGAIN)
    return Reason("skipped", why, what_to_do)


def reason_not_listed(mailbox: Mailbox) -> Reason:
    """Return why Gmail has a message that the ledger does not know."""
    if not mailbox.is_connected:
        return Reason("not_listed", "The mailbox is not being read.", "Reconnect or resume it.")
    if mailbox.listed_at is None or mailbox.listing_page is not None:
        return Reason(
            "not_listed",
            "The first listing of this mailbox has not come to it yet; newest mail comes first.",
            "Nothing: it comes by itself.",
        )
    return Reason(
        "not_listed",
        "Gmail has not told Letterbook of it yet: most likely it came after the mailbox was last read.",
        "Fetch now. If it is still missing then, check the mailbox's days with Gmail.",
    )


def _by_rule(rule: StoringRule) -> str:
    whose = "in this mailbox" if rule.mailbox_id else "in the whole team"
    who = rule.created_by or "Somebody who left"
    return f"{who} leaves out mail with {rule} {whose}, since {rule.created_at:%-d %B %Y}."


def _stored(row: MailboxMessage, contacts: str) -> Reason:
    if contacts:
        why = f"It is on the timeline of {contacts}."
    elif row.reason == EVIDENCE:
        why = "It tells what became of an email that was sent from here."
    else:
        why = "Somebody on it was a contact when it was stored; that contact is no longer here."
    if row.is_removed_at_source:
        why += " At Gmail it was deleted since; here it is kept."
    return Reason("stored", why)


def _waiting(mailbox: Mailbox, row: MailboxMessage) -> Reason:
    if row.try_after is not None:
        return Reason(
            "waiting",
            f"Gmail could not give it, {row.attempts} times so far.",
            f"Nothing: it is tried again after {row.try_after:%-d %B, %H:%M} UTC.",
        )
    ahead = MailboxMessage.objects.filter(
        Q(provider_id__gt=row.provider_id), mailbox=mailbox, state=LedgerState.WAITING
    ).count()
    place = "It is the next" if not ahead else f"It is number {ahead + 1:,} of those"
    what_to_do = (
        "Nothing: newest mail comes first."
        if mailbox.is_connected
        else "Resume or reconnect the mailbox."
    )
    return Reason("waiting", f"{place} to be fetched.", what_to_do)


_ADD_CONTACT = (
    "Add one of the people on it as a contact, and their old mail comes at the next retrieval."
)
_END_RULE = "Remove that rule, and it is fetched again."
_IMPORT_AGAIN = "It is decided about again when the file is imported again."
# Nothing of a file can be fetched.
_OF_A_FILE = {
    _ADD_CONTACT: "Add one of the people on it as a contact, and import the file again.",
    _END_RULE: "Remove that rule, and import the file again.",
}
_SKIPPED: dict[SkipReason, tuple[str, str]] = {
    SkipReason.BULK: (
        "It is from a mailing list or a machine, which makes nobody a contact, and nobody on it is one.",
        _ADD_CONTACT,
    ),
    SkipReason.RULE: ("Somebody on it is left out, by a rule that is no longer there.", _END_RULE),
    SkipReason.LABEL: ("{owner} leaves out mail with one of its labels.", _END_RULE),
    SkipReason.NO_LABEL: (
        "{owner} keeps only mail with certain labels, and it has none of them.",
        "Give it such a label at Gmail, or remove the rule.",
    ),
    SkipReason.INTERNAL: (
        "Everyone on it is a colleague, and the team leaves out mail among colleagues.",
        "An admin can change that on the team's page.",
    ),
    SkipReason.NO_CONTACT: (
        "Nobody on it is a contact, and {owner} keeps only mail with contacts in this mailbox.",
        _ADD_CONTACT,
    ),
    SkipReason.NO_PERSON: (
        "Everyone on it is a machine or one of your own addresses: nobody who could be a contact.",
        _ADD_CONTACT,
    ),
    SkipReason.NOT_FETCHED: (
        "Gmail finds no contact on it, so it was never fetched: {owner} keeps only mail with contacts in this mailbox.",
        _ADD_CONTACT,
    ),
    SkipReason.DRAFT: (
        "It is a draft at Gmail. Drafts are never stored.",
        "Nothing: once it is sent, it comes by itself.",
    ),
    SkipReason.CHAT: ("It is a chat message, not an email.", ""),
    SkipReason.SPAM: (
        "It is in spam at Gmail.",
        "Mark it there as not spam, and it comes at the next retrieval.",
    ),
    SkipReason.DISMISSED: (
        "It could not be read, and {owner} dismissed it from the quarantine.",
        "It is still at Gmail, if it was not deleted there.",
    ),
    SkipReason.UNPLACED_REPORT: (
        "It is a delivery report about an email that is not here.",
        "Nothing: if that email is stored later, the report is fetched again.",
    ),
    SkipReason.ERASED: (
        "Somebody on it was erased from this team, and nobody else on it is a contact.",
        "Nothing. If they are to be a contact again, add them, and confirm it.",
    ),
    SkipReason.TRASH: (
        "It is in the bin at Gmail.",
        "Move it out of the bin there, and it comes at the next retrieval.",
    ),
}
