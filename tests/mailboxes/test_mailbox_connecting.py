"""Connecting a Gmail account: over Google's consent page and back, or not at all."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from letterbook.kit.refusals import Conflict, Invalid, NotAllowed, NotFound, NotNow
from letterbook.mailboxes.addresses import reread_account
from letterbook.mailboxes.connecting import finish_connecting
from letterbook.mailboxes.consent import begin_connecting
from letterbook.mailboxes.models import (
    Grant,
    Kind,
    Mailbox,
    MailboxState,
    SendAsAddress,
    Sharing,
    StoringPolicy,
)
from letterbook.mailboxes.opening import open_mailbox
from letterbook.mailboxes.own_addresses import own_addresses
from letterbook.teams.models import AuditEntry

ALICE = "alice@haldenrowe.example"


@pytest.fixture
def account(gmail):
    """alice's account at the fake Gmail, with an alias."""
    return gmail.create_account(ALICE, name="Alice Halden", aliases=["office@haldenrowe.example"])


def begin(member, session, *, at, sharing=Sharing.SUBJECT, **chosen):
    return begin_connecting(member, session=session, sharing=sharing, at=at, **chosen)


def finish(member, session, answer, *, at):
    return finish_connecting(
        member,
        session=session,
        state=answer.get("state", ""),
        code=answer.get("code", ""),
        error=answer.get("error", ""),
        at=at,
    )


def assert_nothing_connected():
    assert not Mailbox.objects.exists()
    assert not Grant.objects.exists()
    assert not SendAsAddress.objects.exists()


def test_a_connected_mailbox_works_and_is_due_for_its_first_retrieval(alice, account, consent, at):
    """S25, S36: nothing more to do after Google's page."""
    session = {}
    answer = consent(begin(alice, session, at=at), account=ALICE)
    mailbox = finish(alice, session, answer, at=at)
    mailbox.refresh_from_db()
    assert mailbox.state == MailboxState.CONNECTED
    assert (mailbox.address, mailbox.owner, mailbox.team) == (ALICE, alice.user, alice.team)
    assert mailbox.sharing == Sharing.SUBJECT
    assert mailbox.policy == StoringPolicy.KNOWN_CONTACTS
    assert list(Mailbox.objects.due(at=at)) == [mailbox]
    assert open_mailbox(mailbox).read_profile().address == ALICE


def test_what_google_is_asked_for_lasts_and_is_proved_by_pkce(alice, gmail, at):
    session = {}
    asked = dict(parse_qsl(urlsplit(begin(alice, session, at=at)).query))
    assert asked["access_type"] == "offline"
    assert asked["prompt"] == "consent"
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"].endswith("/mailboxes/connected")
    assert session["letterbook_connecting"]["verifier"] not in str(asked)


def test_the_addresses_to_send_from_come_with_it_and_are_the_teams_own(alice, account, consent, at):
    """S25: aliases are offered, verified ones only count as our own."""
    session = {}
    mailbox = finish(alice, session, consent(begin(alice, session, at=at), account=ALICE), at=at)
    offered = set(SendAsAddress.objects.visible_to(alice).values_list("address", flat=True))
    assert offered == {ALICE, "office@haldenrowe.example"}
    assert own_addresses(alice.team_id)["office@haldenrowe.example"] == mailbox.owner_id


def test_how_widely_it_is_shared_must_be_chosen(alice, gmail, at):
    session = {}
    with pytest.raises(Invalid) as refused:
        begin(alice, session, at=at, sharing=None)
    assert refused.value.field == "sharing"
    assert session == {}


def test_without_a_google_client_it_says_what_an_admin_must_set(alice, settings, at):
    settings.GOOGLE_CLIENT_ID = settings.GOOGLE_CLIENT_SECRET = ""
    with pytest.raises(NotNow, match="LETTERBOOK_GOOGLE_CLIENT_ID") as refused:
        begin(alice, {}, at=at)
    assert "/mailboxes/connected" in refused.value.way_out


@pytest.mark.parametrize("state", ["", "somebody-elses", "ünlesbar"])
def test_an_answer_with_a_missing_or_foreign_state_is_refused(alice, account, consent, state, at):
    """E1: and the question is then over, even for the right answer."""
    session = {}
    answer = consent(begin(alice, session, at=at), account=ALICE)
    with pytest.raises(Conflict, match="does not belong"):
        finish(alice, session, answer | {"state": state}, at=at)
    with pytest.raises(Conflict):
        finish(alice, session, answer, at=at)
    assert_nothing_connected()


def test_an_answer_works_once(alice, account, consent, gmail, at):
    """E1: neither the session nor Google takes it a second time."""
    session = {}
    url = begin(alice, session, at=at)
    kept = dict(session)
    answer = consent(url, account=ALICE)
    finish(alice, session, answer, at=at)
    with pytest.raises(Conflict, match="used before"):
        finish(alice, session, answer, at=at)
    # Even a session that was put back does not help: Google remembers its code.
    with pytest.raises(Conflict, match="used before or is too old"):
        finish(alice, kept, answer, at=at)


def test_an_answer_that_comes_too_late_is_refused(alice, account, consent, at):
    session = {}
    answer = consent(begin(alice, session, at=at), account=ALICE)
    with pytest.raises(Conflict, match="fifteen minutes"):
        finish(alice, session, answer, at=at + timedelta(minutes=15, seconds=1))
    assert_nothing_connected()


def test_a_code_of_another_question_is_worth_nothing(alice, account, consent, at):
    """E2: a code that was stolen from another browser does not fit this browser's verifier."""
    stolen = consent(begin(alice, {}, at=at), account=ALICE)["code"]
    session = {}
    answer = consent(begin(alice, session, at=at), account=ALICE)
    with pytest.raises(Conflict, match="could not be used"):
        finish(alice, session, answer | {"code": stolen}, at=at)
    assert_nothing_connected()


def test_what_one_person_began_another_cannot_finish(alice, bob, account, consent, at):
    """E3: not even in the same browser."""
    session = {}
    answer = consent(begin(alice, session, at=at), account=ALICE)
    with pytest.raises(Conflict, match="does not belong"):
        finish(bob, session, answer, at=at)
    assert_nothing_connected()


def test_what_was_begun_in_one_team_is_not_finished_in_another(
    alice, charlie, account, consent, at
):
    """E3: a person in two teams connects where they began."""
    session = {}
    answer = consent(begin(alice, session, at=at), account=ALICE)
    charlie.user = alice.user
    charlie.save()
    with pytest.raises(Conflict, match="does not belong"):
        finish(charlie, session, answer, at=at)
    assert_nothing_connected()


def test_a_no_at_google_is_taken_as_a_no(alice, account, consent, at):
    session = {}
    answer = consent(begin(alice, session, at=at), account=ALICE, decision="deny")
    with pytest.raises(Invalid, match="did not allow"):
        finish(alice, session, answer, at=at)
    assert_nothing_connected()


def test_too_small_a_permission_leaves_no_half_connected_mailbox(alice, account, consent, at):
    """E4: scopes that were unticked."""
    session = {}
    answer = consent(
        begin(alice, session, at=at),
        account=ALICE,
        scopes="https://www.googleapis.com/auth/gmail.readonly",
    )
    with pytest.raises(Invalid, match="everything that a mailbox needs") as refused:
        finish(alice, session, answer, at=at)
    assert "every box ticked" in refused.value.way_out
    assert_nothing_connected()


def test_a_permission_that_would_not_last_connects_nothing(alice, account, consent, gmail, at):
    """E4: no refresh token came back."""
    gmail.grant(ALICE)
    session = {}
    url = begin(alice, session, at=at).replace("&prompt=consent", "")
    with pytest.raises(Invalid):
        finish(alice, session, consent(url, account=ALICE), at=at)
    assert_nothing_connected()


@pytest.mark.parametrize("error", ["server_error", ""])
def test_an_answer_without_a_code_says_to_try_again(alice, gmail, error, at):
    session = {}
    state = dict(parse_qsl(urlsplit(begin(alice, session, at=at)).query))["state"]
    with pytest.raises(NotNow, match="did not complete"):
        finish(alice, session, {"state": state, "error": error}, at=at)


def test_when_google_cannot_be_reached_nothing_is_connected(alice, account, consent, settings, at):
    session = {}
    answer = consent(begin(alice, session, at=at), account=ALICE)

    def unreachable(request):
        raise httpx.ConnectError("no route")

    settings.GOOGLE_TRANSPORT = httpx.MockTransport(unreachable)
    with pytest.raises(NotNow, match="could not be reached"):
        finish(alice, session, answer, at=at)
    assert_nothing_connected()


def test_a_team_mates_mailbox_cannot_be_taken_over(
    alice, bob, account, connect, consent, gmail, at
):
    """E5: bob knows the password of the account that alice connected; it stays hers."""
    mailbox = connect(alice, ALICE)
    sealed = bytes(mailbox.grant.refresh_token_sealed)
    session = {}
    answer = consent(begin(bob, session, at=at, sharing=Sharing.FULL), account=ALICE)
    with pytest.raises(Conflict, match="already connected in this team, by Alice Halden"):
        finish(bob, session, answer, at=at)
    mailbox.refresh_from_db()
    assert mailbox.owner == alice.user
    assert bytes(mailbox.grant.refresh_token_sealed) == sealed
    # Nor did the refusal end the permission that works.
    assert open_mailbox(mailbox).read_profile().address == ALICE


def test_one_account_may_be_connected_in_two_teams_each_with_its_own_consent(
    alice, charlie, account, connect
):
    """E5: the other team gets nothing of the first one's."""
    first = connect(alice, ALICE, sharing=Sharing.PRIVATE)
    second = connect(charlie, ALICE, sharing=Sharing.FULL)
    first.refresh_from_db()
    assert (first.team_id, first.sharing) == (alice.team_id, Sharing.PRIVATE)
    assert (second.team_id, second.sharing) == (charlie.team_id, Sharing.FULL)
    assert {open_mailbox(one).read_profile().address for one in (first, second)} == {ALICE}


def test_a_refused_connection_leaves_no_permission_at_google(
    alice, bob, account, connect, consent, gmail, at
):
    mailbox = connect(alice, ALICE)
    gmail.create_account("other@haldenrowe.example")
    session = {}
    url = begin(alice, session, at=at, mailbox=mailbox)
    with pytest.raises(Conflict):
        finish(alice, session, consent(url, account="other@haldenrowe.example"), at=at)
    assert {grant.address for grant in gmail._state.grants} == {ALICE}


def test_reconnecting_with_another_account_is_refused_and_names_both(
    mailbox, alice, consent, gmail, at
):
    gmail.create_account("private@elsewhere.example")
    session = {}
    url = begin(alice, session, at=at, mailbox=mailbox, sharing=None)
    with pytest.raises(Conflict) as refused:
        finish(alice, session, consent(url, account="private@elsewhere.example"), at=at)
    assert ALICE in refused.value.message
    assert "private@elsewhere.example" in refused.value.message
    assert list(Mailbox.objects.values_list("address", flat=True)) == [ALICE]


def test_reconnecting_keeps_what_was_chosen_and_where_reading_stood(mailbox, alice, consent, at):
    Mailbox.objects.filter(pk=mailbox.pk).update(
        state=MailboxState.NEEDS_RECONNECTING,
        state_reason="revoked",
        history_cursor="4711",
        policy=StoringPolicy.WRITTEN_TO,
    )
    session = {}
    url = begin(alice, session, at=at, mailbox=mailbox, sharing=None)
    again = finish(alice, session, consent(url, account=ALICE), at=at)
    again.refresh_from_db()
    assert again.pk == mailbox.pk
    assert (again.state, again.state_reason) == (MailboxState.CONNECTED, "")
    assert (again.sharing, again.policy) == (Sharing.FULL, StoringPolicy.WRITTEN_TO)
    assert again.history_cursor == "4711"


def test_only_its_owner_can_begin_to_reconnect_a_mailbox(mailbox, bob, charlie, at):
    with pytest.raises(NotAllowed):
        begin(bob, {}, at=at, mailbox=mailbox)
    with pytest.raises(NotFound):
        begin(charlie, {}, at=at, mailbox=mailbox)


def test_a_mailbox_of_imported_files_can_become_a_connected_one(alice, account, connect, at):
    imported = Mailbox.objects.create(
        team=alice.team,
        owner=alice.user,
        kind=Kind.IMPORT,
        address=ALICE,
        address_key=ALICE,
        sharing=Sharing.PRIVATE,
    )
    with pytest.raises(Invalid, match="Choose how much"):
        begin(alice, {}, at=at, mailbox=imported, sharing=None)
    connected = connect(alice, ALICE, sharing=Sharing.METADATA)
    assert (connected.pk, connected.kind, connected.sharing) == (
        imported.pk,
        Kind.GMAIL,
        Sharing.METADATA,
    )


def test_the_address_is_googles_and_compared_without_case(alice, gmail, connect):
    gmail.create_account("Alice@HaldenRowe.example")
    first = connect(alice, "Alice@HaldenRowe.example")
    again = connect(alice, "alice@haldenrowe.EXAMPLE")
    assert first.pk == again.pk
    assert again.address == "Alice@HaldenRowe.example"
    assert again.address_key == ALICE


def test_a_renamed_account_stays_the_same_mailbox(mailbox, alice, gmail, at):
    """E6: the same grant speaks for the same account, whatever Google calls it now."""
    account = gmail._state.mailboxes.pop(ALICE)
    account.address = "alice.rowe@haldenrowe.example"
    gmail._state.mailboxes[account.address] = account
    for grant in gmail._state.grants:
        grant.address = account.address
    reread_account(mailbox, provider=open_mailbox(mailbox), at=at)
    mailbox.refresh_from_db()
    assert mailbox.address == mailbox.address_key == "alice.rowe@haldenrowe.example"
    # The old address stays one of our own, as the alias Google makes of it.
    assert own_addresses(alice.team_id)[ALICE] == alice.user_id
    assert AuditEntry.objects.get(what="mailbox renamed").details["old"] == ALICE


def test_an_alias_that_is_withdrawn_at_google_is_withdrawn_here(alice, account, connect, at):
    mailbox = connect(alice, ALICE)
    account.send_as.pop()
    reread_account(mailbox, provider=open_mailbox(mailbox), at=at)
    assert list(mailbox.send_as.values_list("address", flat=True)) == [ALICE]


def test_connecting_is_in_the_audit_log(mailbox, alice):
    entry = AuditEntry.objects.get(what="mailbox connected")
    assert (entry.user, entry.subject_id) == (alice.user, str(mailbox.pk))
    assert entry.details == {"address": ALICE, "sharing": "full"}
