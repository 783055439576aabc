"""The team over REST: its people and roles, invitations made, renewed and withdrawn, and leaving."""

from __future__ import annotations

import pytest

from factories import a_contact, a_mailbox
from letterbook.kit.refusals import NotFound
from letterbook.mailboxes.models import Mailbox, MailboxState
from letterbook.teams.joining import find_invitation
from letterbook.teams.models import AuditEntry, Membership


def token_in(link: str) -> str:
    return link.rpartition("/join/")[2]


def test_the_people_of_a_team_and_their_roles(alice, bob, hers, his):
    """S71: everybody sees who is in it; an owner or admin says as what."""
    shown = his.get("/team/members").json()
    assert [(one["user"]["name"], one["role"]) for one in shown] == [
        ("Alice Halden", "owner"),
        ("Bob Rowe", "member"),
    ]
    path = f"/team/members/{bob.pk}"
    assert his.ask("PATCH", path, {"role": "admin"}).status_code == 403
    assert hers.ask("PATCH", path, {"role": "admin"}).json()["role"] == "admin"
    assert his.ask("PATCH", f"/team/members/{alice.pk}", {"role": "member"}).status_code == 403
    assert hers.ask("PATCH", f"/team/members/{alice.pk}", {"role": "member"}).status_code == 409


def test_an_invitation_is_made_renewed_and_withdrawn(alice, hers, his, at):
    """The link is told once; with a new one the old one ends, and the log says both."""
    given = {"email": "dora@haldenrowe.example", "role": "admin"}
    made = hers.post("/team/invitations", given, key="once").json()
    assert find_invitation(token_in(made["link"]), at=at).role == "admin"
    again = hers.post("/team/invitations", given, key="once").json()
    assert (again["id"], again["link"]) == (made["id"], "")
    assert his.get("/team/invitations").json() == []
    path = f"/team/invitations/{made['id']}"
    renewed = hers.ask("PUT", f"{path}/link").json()
    with pytest.raises(NotFound):
        find_invitation(token_in(made["link"]), at=at)
    assert find_invitation(token_in(renewed["link"]), at=at).email == "dora@haldenrowe.example"
    [listed] = hers.get("/team/invitations").json()
    assert listed["link"] == ""
    assert hers.ask("DELETE", path).status_code == 204
    assert hers.ask("PUT", f"{path}/link").status_code == 404
    with pytest.raises(NotFound):
        find_invitation(token_in(renewed["link"]), at=at)
    said = AuditEntry.objects.filter(what__startswith="invit").order_by("number")
    assert list(said.values_list("what", flat=True)) == [
        "invited", "invitation renewed", "invitation withdrawn",
    ]  # fmt: skip


def test_somebody_leaves_and_decides_what_becomes_of_their_mail(alice, bob, hers, his):
    """What nobody else sees is counted for oneself alone; a contact goes to whoever goes on."""
    box, contact = a_mailbox(bob), a_contact(alice)
    contact.owner = bob.user
    contact.save()
    path = f"/team/members/{bob.pk}/leaving"
    for program, tokens in ((hers, 0), (his, 1)):
        shown = program.get(path).json()
        assert (shown["contacts"], shown["tokens"]) == (1, tokens)
        assert [one["address"] for one in shown["mailboxes"]] == [box.address]
    assert his.ask("PUT", path, {"successor_id": str(alice.pk)}).status_code == 204
    assert not Membership.objects.filter(pk=bob.pk).exists()
    assert his.get("/me").status_code == 401
    contact.refresh_from_db()
    assert contact.owner == alice.user
    assert Mailbox.objects.get(pk=box.pk).state == MailboxState.DISCONNECTED
