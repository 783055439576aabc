"""What can be done about an outgoing email: the buttons of each status and of each kind of failure."""

from __future__ import annotations

from letterbook.mailboxes.models import MailboxState
from letterbook.outgoing.models import OutgoingEmail
from letterbook.outgoing.status import ErrorClass
from letterbook.web.entries import Action
from letterbook.web.paths import path_to

_Button = tuple[str, str]
_BACK = ("Back to draft", "cancel-email")
_EDIT = ("Correct and send anew", "correct-email")
_RETRY = ("Retry", "retry-email")
_DISMISS = ("Leave it", "dismiss-email")
_RECONNECT = ("Reconnect", "reconnect-mailbox")
_RESUME = ("Resume", "resume-sending-mailbox")
# Each with the likeliest first: a list shows the first two, the email's own page all.
_BY_STATUS: dict[str, tuple[_Button, ...]] = {
    "draft": (("Go on writing", "edit-email"),),
    "leaving": (("Undo", "undo-email"),),
    "queued": (("Send now", "send-email-now"), _BACK),
    "retrying": (("Try now", "send-email-now"), _BACK),
    "waiting_for_mailbox": (_RECONNECT, _BACK),
    "held": (_RESUME, _BACK),
    "unconfirmed": (
        ("It was sent", "settle-email"),
        ("Send again", "send-email-again"),
        _DISMISS,
    ),
}
# Trying the same once more is no help against a refusal for good.
_BY_FAILURE: dict[str, tuple[_Button, ...]] = {
    ErrorClass.REJECTED: (_EDIT, _RETRY, _DISMISS),
    ErrorClass.NO_ANSWER: (_RETRY, _EDIT, _DISMISS),
    ErrorClass.NEEDS_RECONNECTING: (_RECONNECT, _RETRY, _DISMISS),
    ErrorClass.NOT_PERMITTED: (_EDIT, _DISMISS),
    ErrorClass.SETUP_WRONG: (_RETRY, _DISMISS),
}
# Of sent email: another one to the right address.
_BOUNCED = (("Correct it", "duplicate-email"),)
_PAGES = {"mailboxes", "edit-email"}
_OF_MAILBOX = {"reconnect-mailbox", "resume-sending-mailbox", "resume-mailbox"}
_AWAY = {MailboxState.NEEDS_RECONNECTING, MailboxState.DISCONNECTED}
_KEYS = {"undo-email": "z", "retry-email": "t", "send-email-now": "t"}


def actions_of(
    email: OutgoingEmail,
    status: str,
    *,
    is_in_doubt: bool,
    is_due: bool,
    has_bounced: bool = False,
    is_owner: bool = True,
) -> tuple[Action, ...]:
    """Return the buttons of an email that is shown with this stamp, for somebody who may press them.

    Only its owner (`is_owner`) reconnects a mailbox; whoever wrote from it before is led to the list.
    """
    chosen = _BOUNCED if status == "sent" and has_bounced else _BY_STATUS.get(status, ())
    if status == "failed" and email.resolved_at is None:
        chosen = _BY_FAILURE.get(email.error_class, ())
    chosen = tuple(
        button for one in chosen if (button := _fitting(one, email, is_due, is_owner)) is not None
    )
    if is_in_doubt:
        # It may be sent already: until Gmail answers, neither taking it back nor hurrying it is safe.
        chosen = tuple(one for one in chosen if one[1] in _PAGES | _OF_MAILBOX)
    return tuple(_action(label, name, email) for label, name in chosen)


def _fitting(button: _Button, email: OutgoingEmail, is_due: bool, is_owner: bool) -> _Button | None:
    """Return the button as it fits the mailbox's state, or None where it would do nothing."""
    label, name = button
    state = email.mailbox.state
    if name == "send-email-now" and is_due:
        return None
    if name == "reconnect-mailbox":
        if state == MailboxState.CONNECTED:
            return None
        return button if is_owner else (label, "mailboxes")
    if name == "retry-email" and state in _AWAY:
        return None
    if name == "resume-sending-mailbox" and state == MailboxState.PAUSED:
        return (label, "resume-mailbox")
    return button


def _action(label: str, name: str, email: OutgoingEmail) -> Action:
    if name == "mailboxes":
        return Action(label, path_to(name))
    pk = email.mailbox_id if name in _OF_MAILBOX else email.pk
    address = path_to(name, pk)
    return Action(label, address, is_post=name not in _PAGES, key=_KEYS.get(name, ""))
