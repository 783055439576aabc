"""What lies in the table is worth nothing without the keys, and nothing in another row."""

from __future__ import annotations

import pickle
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from letterbook.kit.refusals import NotNow
from letterbook.kit.secrets import new_key
from letterbook.mailboxes.consent import begin_connecting
from letterbook.mailboxes.grants import rotate_secrets
from letterbook.mailboxes.health import describe
from letterbook.mailboxes.models import Grant, Mailbox, MailboxState, Sharing
from letterbook.mailboxes.opening import open_mailbox
from letterbook.providers.errors import SetupWrong
from letterbook.teams.models import AuditEntry


def tokens_of(gmail):
    return [
        token
        for grant in gmail._state.grants
        for token in (grant.refresh_token, *grant.access_tokens)
    ]


def everything_stored():
    """Every text and every byte of every table, as a backup would hold them."""
    stored = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t.*::text FROM "{table}" t')
            stored += [str(row) for row in cursor.fetchall()]
            if table == "mailboxes_grant":
                cursor.execute(
                    "SELECT refresh_token_sealed, access_token_sealed FROM mailboxes_grant"
                )
                stored += [bytes(cell).decode("latin-1") for row in cursor for cell in row]
    return "\n".join(stored)


def test_no_token_is_readable_in_any_table(mailbox, bobs_mailbox, gmail):
    """S30: dump everything, look for each token and for the way Google's tokens begin."""
    dump = everything_stored()
    assert "alice@haldenrowe.example" in dump
    assert len(tokens_of(gmail)) == 4
    assert not [token for token in tokens_of(gmail) if token in dump]
    assert "ya29." not in dump
    assert "1//" not in dump


def test_no_token_shows_in_repr_logs_or_errors(mailbox, gmail, capfd, caplog):
    """S30: nor in what an error drags along when Gmail refuses."""
    provider = open_mailbox(mailbox)
    provider.read_profile()
    gmail.expire_access_tokens(mailbox.address)
    provider.read_profile()
    gmail.revoke(mailbox.address)
    with pytest.raises(Exception, match="no longer accepts") as refused:
        provider.read_profile()
    shown = [repr(provider), repr(vars(provider)), repr(provider._tokens), repr(mailbox.grant)]
    shown += [repr(provider._tokens._held), repr(refused.value), str(vars(refused.value))]
    shown += [*capfd.readouterr(), caplog.text]
    kept = [provider._tokens._held.text]
    assert not [token for token in kept + tokens_of(gmail) for text in shown if token in text]


def test_an_opened_mailbox_cannot_travel_into_a_job(mailbox):
    """Job arguments are stored in clear; a provider does not fit into them by accident."""
    with pytest.raises(TypeError):
        pickle.dumps(open_mailbox(mailbox))


@pytest.mark.parametrize("swapped", ["mailbox_id", "column"])
def test_a_sealed_token_opens_only_where_it_was_sealed(mailbox, bobs_mailbox, gmail, swapped):
    mine, theirs = Grant.objects.get(pk=mailbox.pk), Grant.objects.get(pk=bobs_mailbox.pk)
    first, second = mine.access_token_sealed, theirs.access_token_sealed
    if swapped == "column":
        first, second = theirs.refresh_token_sealed, mine.refresh_token_sealed
    Grant.objects.filter(pk=mailbox.pk).update(access_token_sealed=second)
    Grant.objects.filter(pk=bobs_mailbox.pk).update(access_token_sealed=first)
    asked = gmail.counts["getProfile"]
    for one in (mailbox, bobs_mailbox):
        with pytest.raises(SetupWrong, match="LETTERBOOK_SECRET_KEYS"):
            open_mailbox(one).read_profile()
    assert gmail.counts["getProfile"] == asked


def test_a_refresh_token_of_another_row_is_not_used_either(mailbox, bobs_mailbox, gmail):
    theirs = Grant.objects.get(pk=bobs_mailbox.pk).refresh_token_sealed
    Grant.objects.filter(pk=mailbox.pk).update(
        refresh_token_sealed=theirs, access_token_sealed=None
    )
    with pytest.raises(SetupWrong):
        open_mailbox(mailbox).read_profile()
    assert "oauth.refresh" not in gmail.counts


def test_a_wrong_key_needs_an_admin_and_breaks_nothing(mailbox, settings, at):
    """F28: the right key mends everything, so the mailbox does not ask its owner to reconnect."""
    right = settings.SECRET_KEYS
    settings.SECRET_KEYS = [new_key()]
    with pytest.raises(SetupWrong, match="Put the key"):
        open_mailbox(mailbox).read_profile()
    mailbox.refresh_from_db()
    assert mailbox.state == MailboxState.CONNECTED
    assert describe(mailbox, at=at).level == "bad"
    settings.SECRET_KEYS = right
    assert open_mailbox(mailbox).read_profile().address == mailbox.address
    assert describe(mailbox, at=at).level != "bad"


@pytest.mark.parametrize("keys", [[], ["no key at all"]])
def test_without_a_usable_key_nothing_can_be_connected_and_nothing_crashes(
    mailbox, alice, settings, keys, at
):
    settings.SECRET_KEYS = keys
    with pytest.raises(NotNow, match="LETTERBOOK_SECRET_KEYS"):
        begin_connecting(alice, session={}, sharing=Sharing.FULL, at=at)
    with pytest.raises(SetupWrong):
        open_mailbox(mailbox).read_profile()
    assert describe(mailbox, at=at).word == "Locked"
    assert rotate_secrets(at=at) == 0


def test_keys_are_rotated_without_a_pause(mailbox, bobs_mailbox, settings, gmail, at):
    old, new = settings.SECRET_KEYS[0], new_key()
    opened_before = open_mailbox(mailbox)
    settings.SECRET_KEYS = [new, old]
    assert rotate_secrets(at=at) == 2
    settings.SECRET_KEYS = [new]
    opened_before.read_profile()
    gmail.expire_access_tokens(mailbox.address)
    for one in (mailbox, bobs_mailbox):
        assert open_mailbox(one).read_profile().address == one.address
    assert AuditEntry.objects.filter(what="grants sealed anew", user=None).count() == 1


def test_rotation_leaves_what_no_key_opens_as_it_is(mailbox, bobs_mailbox, settings, at):
    Grant.objects.filter(pk=bobs_mailbox.pk).update(access_token_sealed=b"broken")
    settings.SECRET_KEYS = [new_key(), *settings.SECRET_KEYS]
    sealed = bytes(Grant.objects.get(pk=bobs_mailbox.pk).refresh_token_sealed)
    assert rotate_secrets(at=at) == 1
    assert bytes(Grant.objects.get(pk=bobs_mailbox.pk).refresh_token_sealed) == sealed


def test_a_grant_without_an_access_token_is_rotated_too(mailbox, settings, at):
    Grant.objects.filter(pk=mailbox.pk).update(access_token_sealed=None)
    new = new_key()
    settings.SECRET_KEYS = [new, *settings.SECRET_KEYS]
    assert rotate_secrets(at=at) == 1
    settings.SECRET_KEYS = [new]
    assert open_mailbox(mailbox).read_profile().address == mailbox.address


def test_an_imported_mailbox_has_nothing_to_open(alice, at):
    imported = Mailbox.objects.create(
        team=alice.team, owner=alice.user, kind="import", address="a@x.example",
        address_key="a@x.example", sharing=0,
    )  # fmt: skip
    with pytest.raises(Exception, match="not connected"):
        open_mailbox(imported).read_profile()
    assert describe(imported, at=timezone.now() + timedelta(days=9)).level == "good"
