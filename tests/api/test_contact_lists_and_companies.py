"""Contacts narrowed, changed together and handed out; companies; tags and fields of the team's own."""

from __future__ import annotations

from datetime import datetime

import pytest

from factories import a_mailbox, a_message
from letterbook.contacts.models import Contact
from letterbook.mailboxes.models import Sharing
from letterbook.outgoing.models import Unsubscription


@pytest.fixture
def anna(hers):
    hers.post("/contact-fields", {"name": "Rank", "kind": "choice", "choices": ["Gold", "Tin"]})
    made = hers.post(
        "/contacts",
        {
            "name": "Anna", "addresses": ["anna@lund.example"], "tags": ["press"],
            "custom": {"rank": "gold"}, "time_zone": "europe/oslo",
        },
    )  # fmt: skip
    hers.post("/contacts", {"name": "Bert", "addresses": ["bert@lund.example"]})
    return made.json()


def names(program, **asked):
    return [one["name"] for one in program.get("/contacts", **asked).json()["items"]]


def test_a_contact_tells_its_company_tags_fields_and_time_zone(hers, anna):
    assert anna["company"] == "lund.example"
    assert (anna["tags"], anna["custom"]) == (["press"], {"Rank": "Gold"})
    assert anna["time_zone"] == "Europe/Oslo"
    path = f"/contacts/{anna['id']}"
    changed = hers.ask("PATCH", path, {"company": "Lund AB", "tags": []}).json()
    assert (changed["company"], changed["tags"], changed["custom"]) == (
        "Lund AB",
        [],
        {"Rank": "Gold"},
    )
    wrong = hers.ask("PATCH", path, {"custom": {"Rank": "Brass"}})
    assert wrong.status_code == 422
    assert "none of its choices" in wrong.json()["detail"]


def test_the_list_is_narrowed_counted_and_handed_out_by_the_same_filter(
    hers, his, strangers, anna, alice, bob, mailbox
):
    contact = Contact.objects.get(pk=anna["id"])
    a_message(a_mailbox(alice, sharing=Sharing.PRIVATE), contact, subject="Mine alone")
    tag = hers.get("/contact-tags").json()[0]["id"]
    assert names(his, tag=tag) == names(his, company=anna["company_id"], q="ann") == ["Anna"]
    assert names(hers, answered="never-by-us") == ["Anna"]
    assert names(his, answered="never-by-us") == []
    assert his.get("/contact-count", answered="never-by-us").json() == {"contacts": 0}
    assert hers.get("/contact-count", company=anna["company_id"]).json() == {"contacts": 2}
    assert "anna@lund.example" in his.get("/contact-export", tag=tag).content.decode()
    assert "BEGIN:VCARD" in his.get("/contact-export", tag=tag, form="vcard").content.decode()
    assert names(strangers, tag=tag) == []
    assert strangers.get("/contact-export").content.decode().count("\r\n") == 1
    assert hers.get("/contacts", order="age").status_code == 422


def test_many_are_changed_by_a_filter_and_that_is_undone(hers, his, strangers, anna):
    where = {"company": anna["company_id"]}
    change = {"what": "tag", "to": "VIP", "where": where}
    edit = his.post("/contact-changes", change).json()
    assert (edit["words"], edit["contacts"]) == ("Tag added: VIP", 2)
    assert strangers.ask("DELETE", f"/contact-changes/{edit['id']}").status_code == 404
    undone = hers.ask("DELETE", f"/contact-changes/{edit['id']}").json()
    assert undone["undone_at"]
    assert Contact.objects.get(pk=anna["id"]).tag_ids == Contact.objects.get(name="Anna").tag_ids
    assert hers.post("/contact-changes", {"what": "delete"}).status_code == 422
    later = hers.post("/contact-changes", {"what": "delete", "ids": [anna["id"]]}).json()
    assert later["due_at"]
    assert names(hers) == ["Anna", "Bert"]


def test_a_company_tells_its_domains_and_history(hers, his, strangers, anna, alice):
    path = f"/companies/{anna['company_id']}"
    contact = Contact.objects.get(pk=anna["id"])
    a_message(a_mailbox(alice, sharing=Sharing.PRIVATE), contact, subject="Mine alone")
    assert hers.ask("PATCH", path, {"name": "Lund AB"}).json()["name"] == "Lund AB"
    given = his.ask("PUT", f"{path}/domains/lund-group.example")
    assert given.status_code == 200, given.content
    assert set(given.json()["domains"]) == {"lund.example", "lund-group.example"}
    assert hers.ask("PUT", f"{path}/domains/gmail.com").status_code == 422
    listed = his.get("/companies", q="lund").json()["items"]
    assert [(one["name"], one["people"]) for one in listed] == [("Lund AB", 2)]
    lines = hers.get(f"{path}/timeline").json()["items"]
    assert [(one["email"]["subject"], one["contact_id"]) for one in lines] == [
        ("Mine alone", anna["id"])
    ]
    assert his.get(f"{path}/timeline").json()["items"] == []
    assert strangers.get(f"{path}/timeline").status_code == 404


def test_an_address_tells_that_it_wants_no_mailings_until_its_person_wants_them(
    hers, his, strangers, anna, alice, at
):
    """S92: and whoever of the team heard so notes it."""
    Unsubscription.objects.create(team=alice.team, key="anna@lund.example", at=at)
    path = f"/contacts/{anna['id']}"
    [shown] = his.get(path).json()["addresses"]
    assert datetime.fromisoformat(shown["unsubscribed_at"]) == at
    again = f"{path}/unsubscription?address=Anna@lund.example"
    assert strangers.ask("DELETE", again).status_code == 404
    [told] = his.ask("DELETE", again).json()["addresses"]
    assert told["unsubscribed_at"] is None
    assert hers.ask("DELETE", again).status_code == 404
