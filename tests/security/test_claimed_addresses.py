"""P9: nobody makes another's address their own by saying so."""

from __future__ import annotations

import pytest

from factories import a_contact
from letterbook.incoming.importing import find_or_create_import_mailbox
from letterbook.kit.refusals import Conflict
from letterbook.mailboxes.models import Mailbox, Sharing
from letterbook.mailboxes.own_addresses import own_addresses


@pytest.mark.parametrize("address", ["ANNA@lindwerk.example", "alice@haldenrowe.example"])
def test_mail_is_not_imported_as_a_contacts_or_a_team_mates(address, alice, bob, at):
    """Else all that Anna, or alice, writes from then on would count as written by bob."""
    a_contact(alice, "Anna Lind", "anna@lindwerk.example")
    with pytest.raises(Conflict):
        find_or_create_import_mailbox(
            bob.team, address=address, owner=bob.user, sharing=Sharing.FULL, at=at
        )
    assert not Mailbox.objects.exists()
    assert own_addresses(alice.team_id) == {}


def test_ones_own_address_and_anybody_elses_elsewhere_are_free(alice, bob, charlie, at):
    a_contact(charlie, "Bob", "bob@haldenrowe.example")
    for address in ("bob@haldenrowe.example", "bob@before.example"):
        for _ in range(2):
            box = find_or_create_import_mailbox(
                bob.team, address=address, owner=bob.user, sharing=Sharing.FULL, at=at
            )
            assert box.owner == bob.user
