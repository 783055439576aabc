"""Every endpoint asked by the owner, a team-mate, a stranger, nobody, and somebody whose token was revoked."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from factories import a_contact, a_message, a_note
from letterbook.api.urls import api
from letterbook.contacts.bulk import BulkChange, change_contacts
from letterbook.contacts.defining import add_field
from letterbook.contacts.keeping import add_address
from letterbook.contacts.models import Contact, ContactAddress
from letterbook.contacts.tagging import find_or_create_tags
from letterbook.correspondence.models import Message
from letterbook.incoming.ruling import add_rule
from letterbook.kit.ids import new_id
from letterbook.mailboxes.models import Mailbox
from letterbook.outgoing.drafts import DraftText, create_draft
from letterbook.outgoing.merging import merge_contacts
from letterbook.outgoing.models import OutgoingEmail, StatusChange
from letterbook.outgoing.splitting import split_contact
from letterbook.outgoing.templates import create_template
from letterbook.teams.joining import create_invitation, remove_member
from letterbook.teams.models import ApiToken, Membership
from letterbook.teams.tokens import revoke_token
from letterbook.timeline.models import Activity
from written import a_failed_email

RAW = (
    b"From: anna@lindwerk.example\r\nTo: alice@haldenrowe.example\r\nSubject: Proof\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nHere it is.\r\n'
    b"--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=proof.pdf\r\n\r\n%PDF\r\n"
    b"--b--\r\n"
)


@dataclass(frozen=True)
class Call:
    """One endpoint with what to ask it, and how it answers owner, team-mate and stranger."""

    method: str
    path: str
    answers: tuple[int, int, int]
    body: Any = None
    query: dict[str, str] = field(default_factory=dict)


A_RULE = {"kind": "domain", "text": "advisers.example"}
CALLS = {
    "get_me": Call("GET", "/me", (200, 200, 200)),
    "list_team_members": Call("GET", "/team/members", (200, 200, 200)),
    "change_role": Call("PATCH", "/team/members/{member}", (200, 403, 404), {"role": "owner"}),
    # The last owner cannot go.
    "preview_leaving": Call("GET", "/team/members/{member}/leaving", (409, 403, 404)),
    "leave_team": Call(
        "PUT", "/team/members/{member}/leaving", (409, 403, 404), {"successor_id": "{member}"}
    ),
    "list_invitations": Call("GET", "/team/invitations", (200, 200, 200)),
    "create_invitation": Call(
        "POST", "/team/invitations", (201, 403, 201), {"email": "x@x.example"}
    ),
    "renew_invitation": Call("PUT", "/team/invitations/{invitation}/link", (200, 404, 404)),
    "revoke_invitation": Call("DELETE", "/team/invitations/{invitation}", (204, 404, 404)),
    "list_contacts": Call("GET", "/contacts", (200, 200, 200)),
    "create_contact": Call("POST", "/contacts", (201, 201, 201), {"name": "Cleo"}),
    "get_contact": Call("GET", "/contacts/{contact}", (200, 200, 404)),
    "edit_contact": Call("PATCH", "/contacts/{contact}", (200, 200, 404), {"company": "Lindwerk"}),
    "preview_contact_merge": Call(
        "GET", "/contacts/{contact}/merge", (200, 200, 404), query={"other_id": "{twin}"}
    ),
    # Once the team-mate has merged them, there is no other contact left for alice.
    "merge_contacts": Call(
        "POST", "/contacts/{contact}/merge", (404, 201, 404), {"other_id": "{twin}"}
    ),
    "undo_contact_merge": Call("DELETE", "/contact-merges/{merge}", (200, 200, 404)),
    "assign_contact": Call(
        "PUT", "/contacts/{contact}/owner", (200, 200, 404), {"user_id": "{user}"}
    ),
    "count_contacts": Call("GET", "/contact-count", (200, 200, 200)),
    "export_contacts": Call("GET", "/contact-export", (200, 200, 200)),
    # Of the ids those that are no contacts of one's own team are passed over.
    "change_contacts": Call(
        "POST", "/contact-changes", (201, 201, 201), {"what": "company", "ids": ["{contact}"]}
    ),
    "undo_change": Call("DELETE", "/contact-changes/{change}", (200, 200, 404)),
    "list_companies": Call("GET", "/companies", (200, 200, 200)),
    "get_company": Call("GET", "/companies/{company}", (200, 200, 404)),
    "rename_company": Call("PATCH", "/companies/{company}", (200, 200, 404), {"name": "Lund"}),
    "give_company_domain": Call(
        "PUT", "/companies/{company}/domains/lund-group.example", (200, 200, 404)
    ),
    "take_company_domain": Call(
        "DELETE", "/companies/{company}/domains/lindwerk.example", (204, 204, 404)
    ),
    "get_company_timeline": Call("GET", "/companies/{company}/timeline", (200, 200, 404)),
    "list_tags": Call("GET", "/contact-tags", (200, 200, 200)),
    "change_tag": Call("PATCH", "/contact-tags/{tag}", (200, 200, 404), {"name": "VIP"}),
    "delete_tag": Call("DELETE", "/contact-tags/{tag}", (204, 204, 404)),
    "list_fields": Call("GET", "/contact-fields", (200, 200, 200)),
    "add_field": Call(
        "POST", "/contact-fields", (409, 201, 201), {"name": "Since", "kind": "date"}
    ),
    "change_field": Call("PATCH", "/contact-fields/{field}", (200, 200, 404), {"name": "Rank"}),
    "delete_field": Call("DELETE", "/contact-fields/{field}", (204, 204, 404)),
    "subscribe_again": Call(
        "DELETE", "/contacts/{contact}/unsubscription?address=a@b.example", (404, 404, 404)
    ),
    "delete_contact": Call("DELETE", "/contacts/{contact}", (202, 202, 404)),
    "preview_contact_split": Call(
        "GET", "/contacts/{contact}/split", (200, 200, 404), query={"address": "a@second.example"}
    ),
    # Once the team-mate has split it off, the address is another contact's.
    "split_contact": Call(
        "POST", "/contacts/{contact}/split", (422, 201, 404), {"addresses": ["a@second.example"]}
    ),
    "undo_contact_split": Call("DELETE", "/contact-splits/{split}", (200, 200, 404)),
    "list_contact_duplicates": Call("GET", "/contact-duplicates", (200, 200, 200)),
    "say_contacts_differ": Call("PUT", "/contacts/{contact}/not-the-same/{twin}", (204, 204, 404)),
    "take_back_contacts_differ": Call(
        "DELETE", "/contacts/{contact}/not-the-same/{twin}", (204, 204, 404)
    ),
    "preview_contact_erasure": Call("GET", "/contacts/{contact}/erasure", (200, 403, 404)),
    "erase_contact": Call("PUT", "/contacts/{contact}/erasure", (204, 403, 404)),
    "hold_contact": Call(
        "PUT", "/contacts/{contact}/legal-hold", (200, 403, 404), {"reason": "A dispute"}
    ),
    "release_contact": Call("DELETE", "/contacts/{contact}/legal-hold", (200, 403, 404)),
    "add_contact_address": Call(
        "POST", "/contacts/{contact}/addresses", (201, 201, 404), {"address": "a@b.example"}
    ),
    "get_timeline": Call("GET", "/contacts/{contact}/timeline", (200, 200, 404)),
    "list_activities": Call(
        "GET", "/activities", (200, 200, 404), query={"contact_id": "{contact}"}
    ),
    "create_activity": Call(
        "POST", "/activities", (201, 201, 404), {"contact_id": "{contact}", "text": "Called."}
    ),
    "edit_activity": Call(
        "PATCH", "/activities/{note}", (200, 403, 404), {"text": "Called twice."}
    ),
    "delete_activity": Call("DELETE", "/activities/{note}", (204, 403, 404)),
    "get_activity": Call("GET", "/activities/{note}", (200, 200, 404)),
    "list_activity_changes": Call("GET", "/activities/{note}/changes", (200, 200, 404)),
    "pin_activity": Call("PUT", "/activities/{note}/pin", (200, 200, 404)),
    "unpin_activity": Call("DELETE", "/activities/{note}/pin", (200, 200, 404)),
    # What was not deleted cannot be put back.
    "restore_activity": Call("POST", "/activities/{note}/restoration", (404, 404, 404)),
    "list_activity_types": Call("GET", "/activity-types", (200, 200, 200)),
    "list_mailboxes": Call("GET", "/mailboxes", (200, 200, 200)),
    "get_mailbox": Call("GET", "/mailboxes/{mailbox}", (200, 200, 404)),
    "request_retrieval": Call("POST", "/mailboxes/{mailbox}/retrievals", (202, 403, 404)),
    "get_coverage": Call("GET", "/mailboxes/{mailbox}/coverage", (200, 403, 404)),
    "check_coverage": Call("POST", "/mailboxes/{mailbox}/coverage", (202, 403, 404)),
    "list_rules": Call("GET", "/mailboxes/{mailbox}/rules", (200, 403, 404)),
    "add_rule": Call("PUT", "/mailboxes/{mailbox}/rules", (200, 403, 404), A_RULE),
    "preview_rule": Call("GET", "/mailboxes/{mailbox}/rule-preview", (200, 403, 404), query=A_RULE),
    "list_labels": Call("GET", "/mailboxes/{mailbox}/labels", (200, 403, 404)),
    "choose_policy": Call(
        "PUT", "/mailboxes/{mailbox}/policy", (200, 403, 404), {"policy": "everyone"}
    ),
    "choose_removed_mail": Call(
        "PUT", "/mailboxes/{mailbox}/removed-mail", (200, 403, 404), {"is_hidden": True}
    ),
    "list_team_rules": Call("GET", "/team/rules", (200, 200, 200)),
    "add_team_rule": Call("PUT", "/team/rules", (200, 403, 200), A_RULE),
    "preview_team_rule": Call("GET", "/team/rule-preview", (200, 403, 200), query=A_RULE),
    "choose_internal_mail": Call(
        "PUT", "/team/internal-mail", (200, 403, 200), {"is_left_out": False}
    ),
    "remove_rule": Call("DELETE", "/rules/{rule}", (200, 404, 404)),
    "explain": Call("GET", "/explanations", (200, 200, 200), query={"q": "proof"}),
    "list_quarantine": Call("GET", "/mailboxes/{mailbox}/quarantine", (200, 403, 404)),
    "replay_quarantine": Call("POST", "/mailboxes/{mailbox}/quarantine/replays", (200, 403, 404)),
    "dismiss_quarantine": Call("DELETE", "/mailboxes/{mailbox}/quarantine", (204, 403, 404)),
    "get_quarantined_source": Call(
        "GET", "/mailboxes/{mailbox}/quarantine/1/source", (404, 403, 404)
    ),
    "replay_quarantined": Call(
        "POST", "/mailboxes/{mailbox}/quarantine/1/replays", (404, 403, 404)
    ),
    "dismiss_quarantined": Call("DELETE", "/mailboxes/{mailbox}/quarantine/1", (404, 403, 404)),
    "list_outgoing_emails": Call("GET", "/outgoing-emails", (200, 200, 200)),
    "create_outgoing_email": Call(
        "POST", "/outgoing-emails", (201, 403, 404), {"mailbox_id": "{mailbox}"}
    ),
    "get_outgoing_email": Call("GET", "/outgoing-emails/{draft}", (200, 404, 404)),
    "get_story": Call("GET", "/outgoing-emails/{draft}/story", (200, 404, 404)),
    "edit_outgoing_email": Call(
        "PATCH", "/outgoing-emails/{draft}", (200, 404, 404), {"version": 1, "subject": "X"}
    ),
    "discard_outgoing_email": Call("DELETE", "/outgoing-emails/{draft}", (204, 404, 404)),
    "queue_outgoing_email": Call("POST", "/outgoing-emails/{draft}/queueing", (200, 404, 404)),
    "cancel_outgoing_email": Call("DELETE", "/outgoing-emails/{draft}/queueing", (409, 404, 404)),
    "reschedule_outgoing_email": Call("PUT", "/outgoing-emails/{draft}/queueing", (409, 404, 404)),
    "retry_outgoing_email": Call("POST", "/outgoing-emails/{draft}/retries", (409, 404, 404)),
    "retry_outgoing_emails": Call(
        "POST", "/outgoing-emails/retries", (200, 200, 200), {"ids": ["{draft}"]}
    ),
    "resolve_outgoing_email": Call(
        "POST", "/outgoing-emails/{draft}/resolutions", (409, 404, 404), {"resolution": "sent"}
    ),
    "keep_outgoing_email_private": Call(
        "PUT", "/outgoing-emails/{draft}/privacy", (200, 404, 404), {"is_private": True}
    ),
    "list_draft_versions": Call("GET", "/outgoing-emails/{draft}/versions", (200, 404, 404)),
    # Of this draft no earlier version is kept.
    "take_draft_version_back": Call("POST", "/outgoing-emails/{draft}/versions/1", (404, 404, 404)),
    "duplicate_outgoing_email": Call("POST", "/outgoing-emails/{draft}/copies", (201, 404, 404)),
    "list_outgoing_files": Call("GET", "/outgoing-emails/{draft}/attachments", (200, 404, 404)),
    # A file comes as a form, not as JSON: tests/api/test_outgoing.py uploads one.
    "attach_outgoing_file": Call("POST", "/outgoing-emails/{draft}/attachments", (422, 422, 422)),
    "remove_outgoing_file": Call(
        "DELETE", "/outgoing-emails/{draft}/attachments/{message}", (404, 404, 404)
    ),
    "list_failures": Call("GET", "/failures", (200, 200, 200)),
    "retry_failures": Call(
        "POST", "/failures/retries", (200, 200, 200), {"failure_ids": ["{failure}"]}
    ),
    "get_failure": Call("GET", "/failures/{failure}", (200, 200, 404)),
    "resolve_failure": Call(
        "POST", "/failures/{failure}/resolution", (200, 403, 404), {"resolution": "dismiss"}
    ),
    "list_later_facts": Call("GET", "/later-facts", (200, 200, 200)),
    "list_regarding": Call("GET", "/outgoing-emails/{draft}/regarding", (200, 404, 404)),
    "add_regarding": Call(
        "POST",
        "/outgoing-emails/{draft}/regarding",
        (201, 404, 404),
        {"subject_type": "deal", "subject_id": "D-7"},
    ),
    "remove_regarding": Call(
        "DELETE",
        "/outgoing-emails/{draft}/regarding?subject_type=deal&subject_id=D-8",
        (404, 404, 404),
    ),
    "pause_sending": Call("PUT", "/mailboxes/{mailbox}/sending-pause", (200, 403, 404)),
    "resume_sending": Call("DELETE", "/mailboxes/{mailbox}/sending-pause", (200, 403, 404)),
    "list_cautions": Call("GET", "/outgoing-emails/{draft}/cautions", (200, 404, 404)),
    "reply_to_message": Call("POST", "/messages/{message}/replies", (201, 403, 404)),
    "forward_message": Call("POST", "/messages/{message}/forwards", (201, 403, 404)),
    "list_merge_fields": Call("GET", "/merge-fields", (200, 200, 200)),
    "list_templates": Call("GET", "/templates", (200, 200, 200)),
    "create_template": Call("POST", "/templates", (201, 201, 201), {"name": "Thanks"}),
    "get_template": Call("GET", "/templates/{template}", (200, 200, 404)),
    "edit_template": Call("PATCH", "/templates/{template}", (200, 403, 404), {"subject": "X"}),
    "delete_template": Call("DELETE", "/templates/{template}", (204, 403, 404)),
    "fill_template": Call("GET", "/templates/{template}/filled", (200, 200, 404)),
    "get_message": Call("GET", "/messages/{message}", (200, 200, 404)),
    "waive_answer": Call("PUT", "/messages/{message}/waived-answer", (204, 404, 404)),
    "want_answer": Call("DELETE", "/messages/{message}/waived-answer", (204, 404, 404)),
    "get_message_source": Call("GET", "/messages/{message}/source", (200, 200, 404)),
    "get_message_attachment": Call("GET", "/messages/{message}/attachments/1", (200, 200, 404)),
    "get_contact_sharing": Call("GET", "/contacts/{contact}/sharing", (200, 404, 404)),
    "share_contact": Call("PUT", "/contacts/{contact}/sharing", (200, 404, 404), {"level": "full"}),
    "get_thread_sharing": Call("GET", "/threads/{thread}/sharing", (200, 404, 404)),
    "share_thread": Call("PUT", "/threads/{thread}/sharing", (200, 404, 404), {"level": "full"}),
    # All of it is shared: there is nothing to ask for.
    "ask_to_read": Call(
        "PUT", "/threads/{thread}/request", (404, 404, 404), {"contact_id": "{contact}"}
    ),
    "list_access_requests": Call("GET", "/access-requests", (200, 200, 200)),
    "answer_access_request": Call(
        "PUT", "/access-requests/{note}/answer", (404, 404, 404), {"answer": "no"}
    ),
    "list_admissions": Call("GET", "/mailboxes/{mailbox}/admissions", (200, 403, 404)),
    "end_admission": Call("DELETE", "/admissions/{note}", (404, 404, 404)),
    "hide_labels": Call(
        "PUT", "/mailboxes/{mailbox}/hiding-labels", (200, 403, 404), {"labels": ["L1"]}
    ),
    "list_openings": Call("GET", "/mailboxes/{mailbox}/openings", (200, 403, 404)),
    "get_thread": Call("GET", "/threads/{thread}", (200, 200, 404)),
    "search": Call("GET", "/search", (200, 200, 200), query={"q": "proof"}),
    "get_advice": Call("GET", "/insights/advice", (200, 200, 200)),
    "get_volume": Call(
        "GET", "/insights/volume", (200, 200, 404), query={"contact_id": "{contact}"}
    ),
    "get_response_times": Call(
        "GET", "/insights/response-times", (200, 200, 404), query={"user_id": "{user}"}
    ),
    "get_busiest_hours": Call(
        "GET", "/insights/busiest-hours", (200, 200, 404), query={"mailbox_id": "{mailbox}"}
    ),
    "get_waiting_longer": Call(
        "GET", "/insights/waiting-longer", (200, 200, 404), query={"mailbox_id": "{mailbox}"}
    ),
}
NAMED = [
    "contact",
    "twin",
    "merge",
    "note",
    "mailbox",
    "draft",
    "message",
    "thread",
    "user",
    "failure",
    "template",
    "rule",
    "company",
    "tag",
    "field",
    "change",
    "member",
    "invitation",
    "split",
]


@pytest.fixture
def ids(alice, mailbox, at) -> dict[str, str]:
    """One of everything in alice's team."""
    contact = a_contact(alice, "Anna Lind", "anna@lindwerk.example")
    add_address(alice, contact, address="a@second.example", at=at)
    message = a_message(mailbox, contact, subject="Proof", files=("proof.pdf",), raw=RAW, at=at)
    draft = create_draft(
        alice,
        mailbox=mailbox,
        text=DraftText(to="anna@lindwerk.example", subject="Re: Proof", html="<p>Yes</p>"),
        at=at,
    )
    found = (
        contact.pk,
        a_contact(alice, "Anna L", "lind@home.example").pk,
        merge_contacts(alice, contact, gone=a_contact(alice, "A. L."), at=at).pk,
        a_note(alice, contact).pk,
        mailbox.pk,
        draft.pk,
        message.pk,
        message.thread_id,
        alice.user_id,
        a_failed_email(alice, mailbox, at=at).failures.get().pk,
        create_template(alice, name="Hello", subject="", html="<p>Hi</p>", is_team=True, at=at).pk,
        add_rule(alice, mailbox=mailbox, kind="domain", text="firm.example", at=at).pk,
        Contact.objects.get(pk=contact.pk).employer_id,
        find_or_create_tags(alice.team_id, ["press"])[0].pk,
        add_field(alice, name="Level", kind="text").pk,
        change_contacts(alice, [contact.pk], BulkChange("tag", "press"), at=at).pk,
        alice.pk,
        create_invitation(alice, email="dora@haldenrowe.example", role="member", at=at)[0].pk,
        split_contact(
            alice, _two_in_one(alice, at), addresses=["b@two.example"], name="B", at=at
        ).pk,
    )
    return dict(zip(NAMED, map(str, found), strict=True))


def _two_in_one(alice, at) -> Contact:
    found = a_contact(alice, "A and B", "a@two.example")
    add_address(alice, found, address="b@two.example", at=at)
    return found


def send(program, call: Call, ids: dict[str, str]):
    path = call.path.format(**ids)
    if call.query:
        return program.get(
            path, **{name: value.format(**ids) for name, value in call.query.items()}
        )
    body = {
        name: value.format(**ids)
        if isinstance(value, str)
        else [one.format(**ids) for one in value]
        if isinstance(value, list)
        else value
        for name, value in (call.body or {}).items()
    }
    return program.ask(call.method, path, body if call.body else None)


def everything() -> list[Any]:
    models = (Contact, ContactAddress, Activity, Message, Mailbox, OutgoingEmail, StatusChange)
    return [sorted(map(str, model.objects.values_list())) for model in models]


def test_every_endpoint_has_its_row_here():
    operations = {
        operation["operationId"]
        for path in api.get_openapi_schema()["paths"].values()
        for operation in path.values()
    }
    assert operations - {"stream_events"} == set(CALLS)


@pytest.mark.parametrize("name", list(CALLS))
def test_each_endpoint_answers_owner_team_mate_and_stranger_as_it_should(
    name, ids, hers, his, strangers
):
    """S71, D1: another team's thing does not exist, and a refusal changes nothing."""
    call = CALLS[name]
    for program, expected in (
        (strangers, call.answers[2]),
        (his, call.answers[1]),
        (hers, call.answers[0]),
    ):
        before = everything()
        answer = send(program, call, ids)
        assert answer.status_code == expected, answer.content
        if expected >= 400:
            assert everything() == before
            assert answer["Content-Type"] == "application/problem+json"
        if expected < 300 and program is his and call.method == "DELETE":
            break  # it is gone for alice too


def test_another_teams_thing_is_refused_in_the_words_of_a_thing_that_is_not(ids, strangers):
    """D1: the same answer to the letter, so that nobody can tell which ids exist."""
    nowhere = dict.fromkeys(NAMED, str(new_id())) | {"rule": "0"}
    for name in [name for name, call in CALLS.items() if call.answers[2] == 404]:
        theirs, missing = (
            send(strangers, CALLS[name], ids),
            send(strangers, CALLS[name], nowhere),
        )
        assert (theirs.status_code, theirs.content) == (missing.status_code, missing.content), name


@pytest.mark.parametrize("who", ["nobody", "a made-up token", "a revoked token"])
def test_without_a_valid_token_there_is_no_answer(who, ids, alice, hers, at):
    """D3."""
    revoke_token(alice, token=ApiToken.objects.get(member=alice), at=at)
    hers.token = {"nobody": "", "a made-up token": "lbk_made-up"}.get(who, hers.token)
    before = everything()
    for name, call in CALLS.items():
        answer = send(hers, call, ids)
        assert answer.status_code == 401, name
        assert answer["WWW-Authenticate"].startswith("Bearer")
        assert json.loads(answer.content)["way_out"]
    assert everything() == before


def test_a_signed_in_browser_is_not_enough(alice, client):
    """E12: no page can be made to ask in somebody's name."""
    client.force_login(alice.user)
    assert client.get("/api/v1/me").status_code == 401


def test_a_token_ends_with_the_membership(ids, alice, bob, his, at):
    """D3."""
    assert his.get("/me").status_code == 200
    remove_member(alice, target=Membership.objects.get(pk=bob.pk), at=at)
    assert his.get("/me").status_code == 401


def test_a_stranger_lists_and_finds_nothing(ids, strangers):
    """D5."""
    for path in ("/contacts", "/mailboxes", "/outgoing-emails"):
        assert strangers.get(path).json()["items"] == []
    found = strangers.get("/search", q="proof").json()
    assert (found["items"], found["people"]) == ([], [])
    assert {week["emails_in"] for week in strangers.get("/insights/volume").json()["items"]} == {0}


def test_nothing_can_be_set_that_is_not_offered(ids, hers, charlie):
    """D4: mass assignment is refused whole."""
    before = everything()
    for name in [name for name, call in CALLS.items() if call.body]:
        call = CALLS[name]
        for field_name in (
            "team_id",
            "team",
            "status",
            "author",
            "owner",
            "id",
            "sent_at",
            "origin",
        ):
            body = {**call.body, field_name: str(charlie.team_id)}
            answer = send(hers, Call(call.method, call.path, call.answers, body), ids)
            assert (answer.status_code, answer.json()["field"]) == (422, field_name), name
    assert everything() == before


def test_an_id_of_another_team_inside_a_body_refuses_the_whole_request(ids, charlie, strangers):
    """D2."""
    before = everything()
    answer = strangers.post("/activities", {"contact_id": ids["contact"], "text": "Mine now."})
    assert answer.status_code == 404
    answer = strangers.post(
        "/outgoing-emails", {"mailbox_id": ids["mailbox"], "answers": ids["message"]}
    )
    assert answer.status_code == 404
    assert everything() == before


def test_what_is_not_shared_in_full_is_blank_and_has_no_source(ids, mailbox, his):
    Mailbox.objects.filter(pk=mailbox.pk).update(sharing=1)
    message = his.get(f"/messages/{ids['message']}").json()
    assert message["access"] == "metadata"
    assert (message["subject"], message["snippet"], message["text"], message["files"]) == (
        "",
        "",
        "",
        [],
    )
    for part in ("source", "attachments/1"):
        assert his.get(f"/messages/{ids['message']}/{part}").status_code == 404
