"""Finishing a connection: from Google's answer to a mailbox that works, or to nothing at all."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Q

from letterbook.kit.refusals import Conflict, Invalid, NotNow, Refused
from letterbook.mailboxes.addresses import keep_sending_addresses
from letterbook.mailboxes.consent import Asked, Session, take_asked
from letterbook.mailboxes.google import gmail_client, google_client, redirect_uri
from letterbook.mailboxes.grants import keep_tokens, lock_grants
from letterbook.mailboxes.labelling import keep_labels
from letterbook.mailboxes.models import Kind, Mailbox, Sharing
from letterbook.mailboxes.revoking import end_permission
from letterbook.mailboxes.states import mark_connected
from letterbook.mime.addresses import address_key
from letterbook.providers.errors import (
    AccessRevoked,
    PermissionMissing,
    ProviderError,
    Rejected,
    SetupWrong,
)
from letterbook.providers.gmail.tokens import TokenSet
from letterbook.providers.mail import Label, Profile, SendAs
from letterbook.teams.audit import record_audit
from letterbook.teams.models import Membership

_log = structlog.get_logger(__name__)


def finish_connecting(
    member: Membership,
    *,
    session: Session,
    state: str,
    code: str = "",
    error: str = "",
    at: datetime,
) -> Mailbox:
    """Return the mailbox that Google's answer connects, due for its first retrieval; raise `Refused` and keep nothing.

    The address is the one Google names. Somebody else's mailbox, or another one than was to be reconnected, is refused.
    """
    try:
        asked = take_asked(member, session=session, state=state, at=at)
        _check_agreed(code=code, error=error)
        account = _ask_about_account(code, asked)
        return _connect(member, asked, account, at=at)
    except Refused as refused:
        _log.warning("mailbox not connected", team=str(member.team_id), why=refused.code)
        raise


@dataclass(frozen=True, slots=True)
class _Account:
    """What Google told of the account that the person chose."""

    tokens: TokenSet = field(repr=False)
    profile: Profile
    send_as: tuple[SendAs, ...]
    labels: tuple[Label, ...]


def _check_agreed(*, code: str, error: str) -> None:
    if error == "access_denied":
        raise Invalid(
            "You did not allow access at Google, so nothing was connected.",
            way_out="Connect again and choose Continue when Google asks.",
            code="access_denied",
        )
    if error or not code:
        raise NotNow(
            "Google did not complete the connection.",
            way_out="Connect again; if it stays so, ask an admin to look at the Google client.",
            code="google_refused",
        )


def _ask_about_account(code: str, asked: Asked) -> _Account:
    try:
        tokens = google_client().exchange_code(
            code, verifier=asked.verifier, redirect_uri=redirect_uri()
        )
        gmail = gmail_client(_JustGranted(tokens))
        try:
            return _Account(tokens, gmail.read_profile(), gmail.list_send_as(), gmail.list_labels())
        finally:
            gmail.close()
    except ProviderError as error:
        raise _refusal_for(error) from error


class _JustGranted:
    """Tokens that are a second old; if Gmail refuses them, no refresh will help."""

    def __init__(self, tokens: TokenSet) -> None:
        self._tokens = tokens

    def access_token(self) -> str:
        return self._tokens.access_token

    def refresh_now(self, rejected: str) -> str:  # noqa: ARG002 - there is no other token
        raise AccessRevoked("Google does not accept the permission it just gave.")


def _refusal_for(error: ProviderError) -> Refused:
    if isinstance(error, PermissionMissing):
        return Invalid(
            "Google was not allowed to give everything that a mailbox needs, so nothing was connected.",
            way_out="Connect again and leave every box ticked when Google asks.",
            code="permission_missing",
        )
    if isinstance(error, (AccessRevoked, Rejected)):
        return Conflict(
            "Google's answer could not be used: it was used before or is too old.",
            way_out="Connect the mailbox again.",
            code="code_not_usable",
        )
    if isinstance(error, SetupWrong):
        return NotNow(
            error.message, way_out="An admin has to put this right at Google.", code="setup_wrong"
        )
    return NotNow(error.message, way_out="Connect again in a minute.", code="google_unreachable")


def _connect(member: Membership, asked: Asked, account: _Account, *, at: datetime) -> Mailbox:
    key = address_key(account.profile.address)
    try:
        return _keep(member, asked, account, key=key, at=at)
    except Refused:
        # No permission is left behind at Google for a mailbox that was not connected.
        end_permission(account.tokens.refresh_token, address_key=key)
        raise
    except IntegrityError as error:
        if "mailbox_once_per_team" not in str(error):
            raise
        raise Conflict(
            f"{account.profile.address} was connected a moment ago.", way_out="Look again."
        ) from error


@transaction.atomic
def _keep(
    member: Membership, asked: Asked, account: _Account, *, key: str, at: datetime
) -> Mailbox:
    mailbox = _find(member, asked, key=key)
    _check_may_connect(member, mailbox, account.profile.address)
    mailbox.kind = Kind.GMAIL
    mailbox.address = account.profile.address
    mailbox.connected_at = at
    mailbox.sharing = mailbox.sharing if asked.chosen_sharing is None else asked.chosen_sharing
    mailbox.policy = asked.chosen_policy or mailbox.policy
    mailbox.save()
    keep_tokens(mailbox, account.tokens, at=at)
    keep_sending_addresses(mailbox, account.send_as)
    keep_labels(mailbox, account.labels)
    mark_connected(mailbox, at=at)
    record_audit(
        "mailbox connected",
        team_id=member.team_id,
        user=member.user,
        at=at,
        subject=("mailbox", mailbox.pk),
        address=mailbox.address,
        sharing=Sharing(mailbox.sharing).name.lower(),
    )
    return mailbox


def _find(member: Membership, asked: Asked, *, key: str) -> Mailbox:
    """The mailbox to reconnect, the team's mailbox of this address, or a new one."""
    wanted = Q(pk=asked.mailbox_id) if asked.mailbox_id else Q(address_key=key)
    mailboxes = Mailbox.objects.filter(wanted, team_id=member.team_id)
    # Grant before mailbox, as a refresh takes them: the other way round the two could wait for each other.
    lock_grants(mailboxes)
    found = mailboxes.select_for_update().first()
    return found or Mailbox(team_id=member.team_id, owner=member.user, address_key=key)


def _check_may_connect(member: Membership, mailbox: Mailbox, address: str) -> None:
    if mailbox.owner_id != member.user_id:
        raise Conflict(
            f"{address} is already connected in this team, by {mailbox.owner}.",
            way_out=f"Ask {mailbox.owner} to share it, or to disconnect it first.",
            code="connected_by_another",
        )
    if mailbox.address_key != address_key(address):
        raise Conflict(
            f"You chose {address} at Google, but the mailbox to reconnect is {mailbox.address}.",
            way_out=f"Reconnect and choose {mailbox.address}, or connect {address} as a mailbox of its own.",
            code="another_account",
        )
