"""Asking a person for their mailbox at Google: what is asked, and what the session keeps until they come back."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from letterbook.kit.refusals import Conflict, Invalid
from letterbook.mailboxes.google import check_google_is_configured, google_client, redirect_uri
from letterbook.mailboxes.grants import check_can_seal
from letterbook.mailboxes.models import Kind, Mailbox, Sharing, StoringPolicy
from letterbook.mailboxes.owning import check_owner
from letterbook.providers.gmail.oauth import new_pkce
from letterbook.teams.models import Membership

CONSENT_LASTS = timedelta(minutes=15)
_SESSION_KEY = "letterbook_connecting"


class Session(Protocol):
    """What is needed of a Django session; a plain dict will do as well."""

    # Any: a session holds whatever JSON can.
    def __setitem__(self, key: str, value: Any, /) -> None: ...
    def pop(self, key: str, default: Any, /) -> Any: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """One question put to Google: by whom, for which team, and what was chosen. Kept in the session as JSON."""

    state: str = field(repr=False)
    verifier: str = field(repr=False)
    user_id: str
    team_id: str
    begun_at: str
    sharing: int | None
    policy: str | None
    mailbox_id: str = ""

    @property
    def chosen_sharing(self) -> Sharing | None:
        """What was chosen, None where the mailbox keeps what it has."""
        return None if self.sharing is None else Sharing(self.sharing)

    @property
    def chosen_policy(self) -> StoringPolicy | None:
        """What was chosen, None where the mailbox keeps what it has."""
        return None if self.policy is None else StoringPolicy(self.policy)


def begin_connecting(
    member: Membership,
    *,
    session: Session,
    sharing: Sharing | None,
    policy: StoringPolicy | None = None,
    mailbox: Mailbox | None = None,
    at: datetime,
) -> str:
    """Return Google's address to send `member` to, and keep in `session` what is needed when they come back.

    `mailbox` is one of theirs to reconnect, which keeps its sharing and policy unless others are given. A new one
    has no default sharing. Raises `NotNow` where this installation has no Google client or no key.
    """
    check_google_is_configured()
    check_can_seal()
    if mailbox is not None:
        check_owner(member, mailbox)
    if sharing is None and (mailbox is None or mailbox.kind == Kind.IMPORT):
        raise Invalid(
            "Choose how much of this mailbox your team may see.",
            way_out="Private, metadata, subject or full; you can change it at any time.",
            field="sharing",
        )
    verifier, challenge = new_pkce()
    asked = Asked(
        state=secrets.token_urlsafe(32),
        verifier=verifier,
        user_id=str(member.user_id),
        team_id=str(member.team_id),
        begun_at=at.isoformat(),
        sharing=None if sharing is None else int(sharing),
        policy=None if policy is None else str(policy),
        mailbox_id=str(mailbox.pk) if mailbox else "",
    )
    # One question at a time: a second one, in another tab, makes the first one's answer void.
    session[_SESSION_KEY] = asdict(asked)
    return google_client().authorize_url(
        state=asked.state,
        code_challenge=challenge,
        redirect_uri=redirect_uri(),
        login_hint=mailbox.address if mailbox else "",
    )


def take_asked(member: Membership, *, session: Session, state: str, at: datetime) -> Asked:
    """Return the question that Google's answer belongs to, once; raise `Conflict` for any other answer."""
    # Taken out before it is looked at: whatever comes back, a question has one answer.
    kept = session.pop(_SESSION_KEY, None)
    if kept is None:
        raise _foreign_answer()
    asked = Asked(**kept)
    is_theirs = (asked.user_id, asked.team_id) == (str(member.user_id), str(member.team_id))
    if not is_theirs or not hmac.compare_digest(asked.state.encode(), state.encode()):
        raise _foreign_answer()
    if at - datetime.fromisoformat(asked.begun_at) > CONSENT_LASTS:
        raise Conflict(
            "That took longer than fifteen minutes.", way_out="Connect the mailbox again."
        )
    return asked


def _foreign_answer() -> Conflict:
    return Conflict(
        "This answer from Google does not belong to a connection that you began here, or it was used before.",
        way_out="Connect the mailbox again.",
        code="answer_not_ours",
    )
