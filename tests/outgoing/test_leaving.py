"""Somebody leaves the team: what becomes of their mail is decided before, and nobody sees more of it than before."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.urls import reverse

from browsing import as_member, words
from factories import a_contact, a_mailbox, a_message
from letterbook.correspondence.models import Message
from letterbook.kit.refusals import Conflict, Invalid, NotAllowed, NotFound
from letterbook.mailboxes.models import MailboxState, Sharing
from letterbook.outgoing.leaving import leave_team, preview_leaving
from letterbook.teams.models import AuditEntry, Membership, Role
from letterbook.teams.tokens import create_token
from letterbook.timeline.models import Activity

pytestmark = pytest.mark.django_db


@pytest.fixture
def left_behind(bob):
    """What bob leaves: two mailboxes with an email each, a contact, a task."""
    anna = a_contact(bob, "Anna Lind", "anna@lindwerk.example")
    anna.owner = bob.user
    anna.save()
    private = a_mailbox(bob, sharing=Sharing.PRIVATE)
    shared = a_mailbox(bob, address="bob.sales@haldenrowe.example", sharing=Sharing.FULL)
    a_message(private, anna, text="For bob alone.")
    a_message(shared, anna, text="For everyone.")
    Activity.objects.create(
        team_id=bob.team_id,
        contact=anna,
        type="task",
        assignee=bob.user,
        occurred_at=anna.created_at,
        words="",
    )
    return anna, private, shared


def test_mail_stays_as_it_was_shared_and_work_is_handed_on(alice, bob, left_behind, at):
    anna, private, shared = left_behind
    leave_team(alice, bob, at=at, successor_id=alice.pk)
    assert not Membership.objects.filter(pk=bob.pk).exists()
    seen = Message.objects.readable_by(alice).values_list("text", flat=True)
    assert list(seen) == ["For everyone."]
    assert Message.objects.count() == 2
    for box in (private, shared):
        box.refresh_from_db()
        assert box.state == MailboxState.DISCONNECTED
    anna.refresh_from_db()
    assert anna.owner == alice.user
    assert Activity.objects.get(type="task").assignee == alice.user
    told = AuditEntry.objects.filter(team=alice.team).values_list("what", flat=True)
    assert list(told).count("mailbox disconnected") == 2
    assert {"handed on", "member removed"} <= set(told)


def test_who_leaves_may_have_a_mailbox_erased(bob, left_behind, at):
    _, private, _ = left_behind
    leave_team(bob, bob, at=at, erased=[private.pk])
    assert list(Message.objects.values_list("text", flat=True)) == ["For everyone."]


def test_nobody_else_has_it_erased_and_nothing_is_begun_that_may_not_be_ended(
    alice, bob, charlie, left_behind, at
):
    _, private, shared = left_behind
    dora = Membership.objects.create(team=bob.team, user=charlie.user, role=Role.ADMIN)
    refused = [
        (NotAllowed, dora, bob, {"erased": [private.pk]}),
        (Invalid, bob, bob, {"erased": [uuid4()]}),
        (Invalid, bob, bob, {"successor_id": bob.pk}),
        (NotFound, charlie, bob, {}),
        (NotAllowed, bob, dora, {}),
        (NotAllowed, dora, alice, {}),
        (Conflict, alice, alice, {}),
    ]
    for kind, member, target, decided in refused:
        with pytest.raises(kind):
            leave_team(member, target, at=at, **decided)
    assert Membership.objects.filter(pk__in=[alice.pk, bob.pk, dora.pk]).count() == 3
    shared.refresh_from_db()
    assert shared.state == MailboxState.CONNECTED


def test_only_ones_own_leaving_counts_what_nobody_else_sees(alice, bob, left_behind):
    own, others = preview_leaving(bob, bob), preview_leaving(alice, bob)
    assert [box.stored for box in own.mailboxes] == [1, 1]
    assert [box.stored for box in others.mailboxes] == [0, 0]
    assert (own.contacts, own.tasks, others.contacts, others.tasks) == (1, 1, 1, 1)


def test_the_page_says_what_becomes_of_everything_and_does_it(alice, bob, left_behind, at):
    token = create_token(bob, name="Script", at=at)
    browser = as_member(bob)
    address = reverse("remove-member", args=[bob.pk])
    page = words(browser.get(address))
    assert "1 API token ends at once" in page
    assert "1 contact and 1 open task." in page
    answer = browser.post(address, {"erase": [str(left_behind[2].pk)], "successor": str(alice.pk)})
    assert answer.status_code == 303
    assert browser.get(reverse("contacts")).status_code in {302, 303}
    asked = browser.get("/api/v1/contacts", headers={"Authorization": f"Bearer {token}"})
    assert asked.status_code == 401
    assert list(Message.objects.values_list("text", flat=True)) == ["For bob alone."]


def test_a_broken_form_ends_nothing(bob, left_behind):
    answer = as_member(bob).post(reverse("remove-member", args=[bob.pk]), {"erase": "all"})
    assert answer.status_code == 422
    assert Membership.objects.filter(pk=bob.pk).exists()
