"""How people come into a team and leave it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from letterbook.kit.refusals import Conflict, NotAllowed, NotFound
from letterbook.teams.joining import (
    accept_invitation,
    change_role,
    found_team,
    invite,
    remove_member,
)
from letterbook.teams.models import AuditEntry, Membership, Role, Team, User


def test_a_second_team_of_the_same_name_gets_a_slug_of_its_own(alice, at):
    assert found_team(alice.user, name=alice.team.name, at=at).team.slug != alice.team.slug


def test_an_invited_person_joins_once_with_the_role_they_were_given(alice, at):
    token = invite(alice, email="dora@haldenrowe.example", role=Role.ADMIN, at=at)
    dora = User.objects.create_user("Dora@haldenrowe.example", "a long password")
    assert accept_invitation(token, user=dora, at=at).role == Role.ADMIN
    with pytest.raises(NotFound, match="was used"):
        accept_invitation(token, user=dora, at=at)


def test_an_invitation_is_for_its_address_only(alice, charlie, at):
    token = invite(alice, email="dora@haldenrowe.example", role=Role.MEMBER, at=at)
    with pytest.raises(NotAllowed, match="another address"):
        accept_invitation(token, user=charlie.user, at=at)
    assert not Membership.objects.filter(team=alice.team, user=charlie.user).exists()


def test_an_invitation_ends_after_seven_days(alice, at):
    token = invite(alice, email="dora@haldenrowe.example", role=Role.MEMBER, at=at)
    dora = User.objects.create_user("dora@haldenrowe.example")
    with pytest.raises(NotFound):
        accept_invitation(token, user=dora, at=at + timedelta(days=7, seconds=1))


def test_a_member_cannot_invite(bob, at):
    with pytest.raises(NotAllowed, match="owner or admin"):
        invite(bob, email="dora@haldenrowe.example", role=Role.MEMBER, at=at)


def test_the_last_owner_can_neither_step_down_nor_leave(alice, bob, at):
    with pytest.raises(Conflict, match="at least one owner"):
        change_role(alice, target=alice, role=Role.MEMBER, at=at)
    with pytest.raises(Conflict, match="at least one owner"):
        remove_member(alice, target=alice, at=at)
    change_role(alice, target=bob, role=Role.OWNER, at=at)
    remove_member(bob, target=alice, at=at)
    assert not Membership.objects.filter(pk=alice.pk).exists()


def test_a_stranger_is_told_that_there_is_no_such_person(bob, charlie, at):
    with pytest.raises(NotFound):
        remove_member(charlie, target=bob, at=at)
    assert Membership.objects.filter(pk=bob.pk).exists()


def test_the_audit_log_cannot_be_rewritten(alice):
    with pytest.raises(Exception, match="Cannot update"):
        AuditEntry.objects.filter(team=alice.team).update(what="nothing happened")


def test_only_those_who_administer_read_the_audit_log(alice, bob, charlie):
    assert AuditEntry.objects.visible_to(alice).exists()
    assert not AuditEntry.objects.visible_to(bob).exists()
    assert set(AuditEntry.objects.visible_to(charlie).values_list("team", flat=True)) == {
        Team.objects.get(slug="elsewhere").pk
    }
