"""S76, S88: what is found by index before the second wall is what both walls show."""

from __future__ import annotations

from factories import a_contact, a_mailbox, a_message
from letterbook.correspondence.found_first import is_one_of
from letterbook.correspondence.models import Message
from letterbook.mailboxes.models import Sharing
from letterbook.teams.second_wall import seen_by


def test_emails_found_first_are_those_the_viewer_may_know_of(alice, bob, charlie):
    anna = a_contact(alice, "Anna Lind", "anna@lindwerk.example")
    boris = a_contact(alice, "Boris", "boris@lindwerk.example")
    private, shared = a_mailbox(alice, sharing=Sharing.PRIVATE), a_mailbox(alice)
    hidden, annas = a_message(private, anna), a_message(shared, anna)
    boriss = a_message(shared, boris)
    a_message(shared, a_contact(alice, "Carla", "carla@elsewhere.example"))
    expected = {alice: {hidden.pk, annas.pk, boriss.pk}, bob: {annas.pk, boriss.pk}, charlie: set()}
    for member, ids in expected.items():
        with seen_by(member):
            seen = Message.objects.visible_to(member)
            found = is_one_of(
                seen.filter(address_keys__contains=["anna@lindwerk.example"]),
                seen.filter(address_keys__contains=["boris@lindwerk.example"]),
            )
            assert set(seen.filter(found).values_list("pk", flat=True)) == ids
