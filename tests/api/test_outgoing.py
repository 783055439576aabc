"""Everything that is done with outgoing email, done by a program."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils.timezone import now

from factories import a_contact, a_mailbox
from letterbook.mailboxes.models import Mailbox, Sharing
from letterbook.mime.parsing import parse_message
from letterbook.outgoing.freezing import freeze
from letterbook.outgoing.models import OutgoingEmail, StatusChange
from letterbook.outgoing.regarding import link_subject
from letterbook.outgoing.status import ErrorClass, Status
from letterbook.project.verification import verify
from letterbook.teams.models import AuditEntry
from sending import SendingWorld
from tampering import tamper

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c636060606000000005"
    "0001a5f645400000000049454e44ae426082"
)


@pytest.fixture
def world(alice, settings, at):
    """Alice's mailbox at the fake Gmail."""
    return SendingWorld(alice, settings, at)


def write(program, mailbox, key="", **fields):
    given = {"mailbox_id": str(mailbox.pk), "to": ["anna@lindwerk.example"], **fields}
    return program.post("/outgoing-emails", given, key=key)


def upload(program, path, *files, key=""):
    """Send a form with a file, as `curl -F file=@…` does."""
    headers = {"Authorization": f"Bearer {program.token}"} | (
        {"Idempotency-Key": key} if key else {}
    )
    return Client().post(f"/api/v1{path}", {"file": list(files)}, headers=headers)


def listed(program, **query):
    return [one["subject"] for one in program.get("/outgoing-emails", **query).json()["items"]]


def test_an_email_is_written_and_queued_with_one_request_and_its_story_names_the_program(
    world, hers
):
    """S6, S11, S12, S19: position, next attempt, and who did it, down to the token."""
    made = write(hers, world.mailbox, subject="Offer", queue=True).json()
    assert (made["status"], made["origin"], made["expected"]["position"]) == ("queued", "api", 1)
    assert made["expected"]["at"] == made["due_at"]
    story = [(one["number"], one["actor"], one["actor_name"]) for one in made["status_changes"]]
    assert story == [(1, "api", "A program"), (2, "api", "A program")]
    assert made["history"] == {
        "is_whole": True,
        "flaws": [],
        "hash": made["status_changes"][-1]["hash"],
    }


def test_what_cannot_be_queued_is_not_written_either(world, hers):
    refused = write(hers, world.mailbox, to=[], queue=True)
    assert (refused.status_code, OutgoingEmail.objects.count()) == (422, 0)
    without = write(hers, world.mailbox, send_at="2099-01-01T00:00:00Z")
    assert (without.status_code, without.json()["field"]) == (422, "send_at")


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (["Lee <Ann> <ann@x.example>"], ["Lee <Ann>"]),
        (['"Lee <Ann>" <ann@x.example>'], ["Lee <Ann>"]),
        (['Ann "the <boss>" Lee <ann@x.example>'], ['Ann "the <boss>" Lee']),
        (['Ann "Lee <ann@x.example>', 'Bob" Roe <bob@x.example>'], ['Ann "Lee', 'Bob" Roe']),
        (["Lee, Ann <ann@x.example>", "bob@x.example"], ["Lee, Ann", ""]),
        (["Ann <ann@x.example>, Bob <bob@x.example>"], ["Ann", "Bob"]),
    ],
)
def test_a_name_may_hold_any_sign_and_swallows_nobody(world, hers, given, names):
    """S3, S26: and leaves as it was given."""
    made = write(hers, world.mailbox, to=given).json()
    assert [one["name"] for one in made["to"]] == names
    again = {"version": 1, "subject": "Offer"}
    kept = hers.ask("PATCH", f"/outgoing-emails/{made['id']}", again).json()
    assert kept["to"] == made["to"]
    raw = bytes(freeze(OutgoingEmail.objects.get(), date=now(), at=now()).raw)
    assert [one.name for one in parse_message(raw).to] == names


def test_one_key_writes_and_queues_once(world, hers):
    """F24, G6."""
    first, second = (
        write(hers, world.mailbox, key="k1", queue=True, subject="Offer").json() for _ in range(2)
    )
    assert first == second
    assert write(hers, world.mailbox, key="k1", queue=True, subject="Other").status_code == 422
    assert OutgoingEmail.objects.get().frozen.count() == 1


def test_a_sent_email_shows_each_attempt_and_what_gmail_said(world, alice, hers):
    """S6, S10, S17, S19, S33."""
    email = world.queue()
    world.gmail.fail("drafts.send", "refuse:429")
    world.work()
    shown = hers.get(f"/outgoing-emails/{email.pk}").json()
    assert shown["status"] == "sent"
    assert [one["outcome"] for one in shown["attempts"]] == ["refused", "accepted"]
    assert all(one["actor"] == "worker" and one["evidence"] for one in shown["attempts"])
    assert [one["actor"] for one in shown["status_changes"]] == ["person", "person", "worker"]
    assert shown["status_changes"][1]["user"]["name"] == "Alice Halden"
    assert (shown["expected"], shown["gmail_message_id"] != "") == (None, True)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ({"subject": "For {{ contact.first_name }}"}, "subject"),
        ({"html": "<p>Dear {{ First Name }},</p>"}, "html"),
        ({"html": "<p>{<b>{ contact.name }</b>}</p>"}, "html"),
        ({"html": "<p>Write { and } as {{ 7 * 7 }}.</p>"}, ""),
        ({"html": "<blockquote type='cite'><p>Dear {{ contact.name }}</p></blockquote>"}, ""),
    ],
)
def test_an_unfilled_merge_field_leaves_only_when_the_program_means_it(world, hers, text, field):
    """S92: nobody greets a customer as {{ contact.first_name }}."""
    asked = write(hers, world.mailbox, queue=True, **text)
    assert asked.status_code == (422 if field else 201)
    if field:
        assert (asked.json()["field"], OutgoingEmail.objects.count()) == (field, 0)
        assert asked.json()["type"] == "urn:letterbook:problem:unfilled-field"
        draft = write(hers, world.mailbox, **text).json()
        path = f"/outgoing-emails/{draft['id']}/queueing"
        assert hers.post(path).status_code == 422
        assert hers.post(path, {"even_if_unfilled": True}).json()["status"] == "queued"
    made = write(hers, world.mailbox, queue=True, even_if_unfilled=True, **text)
    assert made.json()["status"] == "queued"


def test_the_story_is_told_as_far_as_one_may_know_it(world, hers, his, strangers):
    """S17, S19: the sentences of the page; what Gmail said goes with the content."""
    world.gmail.fail("drafts.send", "refuse:400")
    email = world.attempt(world.queue())
    Mailbox.objects.update(sharing=Sharing.METADATA)
    path = f"/outgoing-emails/{email.pk}/story"
    mine, theirs = hers.get(path).json(), his.get(path).json()
    titles = [one["title"] for one in mine["lines"]]
    assert titles == ["Draft", "Queued", "Attempt 1", "Failed"]
    assert mine["lines"][-1]["text"] == "Gmail rejected the request."
    assert [one["title"] for one in theirs["lines"]] == titles
    assert "rejected" not in str(theirs)
    assert (mine["expected"], mine["flaws"], mine["lines"][2]["evidence"] != "") == (None, [], True)
    assert strangers.get(path).status_code == 404


def test_a_history_that_was_changed_is_shown_to_be(world, hers):
    """S15: asking for one email proves its own history."""
    email = world.queue()
    tamper("UPDATE outgoing_statuschange SET reason = 'Because' WHERE number = 1")
    history = hers.get(f"/outgoing-emails/{email.pk}").json()["history"]
    assert (history["is_whole"], history["flaws"]) == (
        False,
        ["line 1 of its history was changed"],
    )


def test_emails_are_listed_by_whatever_they_are_looked_for(world, alice, hers, at):
    """S1, S20, S35: status, mailbox, author, contact, what they are about, error class and period."""
    anna, other = a_contact(alice, "Anna", "anna@lindwerk.example"), a_mailbox(alice)
    world.gmail.fail("drafts.send", "refuse:400")
    failed = world.attempt(world.queue(subject="Failed"))
    world.clock.pass_time(days=1)
    draft = write(hers, other, subject="Draft", to=["boris@kontor.example"]).json()
    link_subject(
        alice,
        OutgoingEmail.objects.get(pk=draft["id"]),
        subject_type="deal",
        subject_id="D/7",
        at=at,
    )
    link_subject(alice, failed, subject_type="contact", subject_id=str(anna.pk), at=at)
    for wanted, subjects in (
        ({}, ["Draft", "Failed"]),
        ({"status": "failed"}, ["Failed"]),
        ({"mailbox_id": other.pk}, ["Draft"]),
        ({"author_id": alice.user_id}, ["Draft", "Failed"]),
        ({"author_id": other.pk}, []),
        ({"contact_id": anna.pk}, ["Failed"]),
        ({"error_class": "rejected"}, ["Failed"]),
        ({"error_class": "unconfirmed"}, []),
        ({"regarding_type": "deal"}, ["Draft"]),
        ({"regarding_type": "deal", "regarding_id": "D/7"}, ["Draft"]),
        ({"regarding_id": str(anna.pk)}, ["Failed"]),
        ({"until": failed.updated_at.isoformat()}, []),
        ({"since": failed.updated_at.isoformat(), "status": "failed"}, ["Failed"]),
    ):
        assert listed(hers, **wanted) == subjects, wanted
    assert hers.get("/outgoing-emails", error_class="bad luck").status_code == 422


def test_pages_of_emails_follow_one_another(world, hers):
    for number in range(5):
        write(hers, world.mailbox, subject=str(number))
    first = hers.get("/outgoing-emails", limit=3, status="draft").json()
    rest = hers.get("/outgoing-emails", limit=3, status="draft", cursor=first["next_cursor"]).json()
    subjects = [one["subject"] for one in first["items"] + rest["items"]]
    assert (subjects, rest["next_cursor"]) == (["4", "3", "2", "1", "0"], "")


def test_a_page_of_emails_costs_the_same_however_many_are_on_it(
    world, hers, django_assert_max_num_queries
):
    for number in range(12):
        write(hers, world.mailbox, subject=str(number), queue=True)
    with django_assert_max_num_queries(14):
        assert len(hers.get("/outgoing-emails").json()["items"]) == 12


def test_nobody_finds_by_a_filter_what_they_may_not_see(world, alice, his, at):
    """S84: what an email is about goes with its subject, who is in Bcc with its text."""
    vera = a_contact(alice, "Vera", "vera@kontor.example")
    email = world.queue(bcc="vera@kontor.example", subject="Offer")
    link_subject(alice, email, subject_type="deal", subject_id="D-7", at=at)
    asked = ({"regarding_type": "deal"}, {"contact_id": vera.pk})
    for sharing, found in (
        (Sharing.FULL, [1, 1]),
        (Sharing.SUBJECT, [1, 0]),
        (Sharing.METADATA, [0, 0]),
        (Sharing.PRIVATE, [0, 0]),
    ):
        Mailbox.objects.filter(pk=world.mailbox.pk).update(sharing=sharing)
        assert [len(listed(his, **wanted)) for wanted in asked] == found, sharing


def test_a_queued_email_is_moved_to_another_time(world, hers, at):
    """S12: later, and to now."""
    made = write(hers, world.mailbox, queue=True).json()
    path = f"/outgoing-emails/{made['id']}/queueing"
    later = "2099-01-01T00:00:00Z"
    assert hers.ask("PUT", path, {"send_at": later}).status_code == 422
    soon = hers.get(f"/outgoing-emails/{made['id']}").json()["queued_at"][:10]
    moved = hers.ask("PUT", path, {"send_at": f"{soon}T23:59:59.999Z"}).json()
    assert moved["send_at"] == moved["due_at"]
    assert moved["status"] == "queued"
    assert hers.ask("PUT", path).json()["due_at"] <= moved["due_at"]


def fail(world, **fields):
    """Let one email be refused."""
    world.gmail.fail("drafts.send", "refuse:400")
    return world.attempt(world.queue(**fields))


def lose(world):
    """Let one email end unconfirmed."""
    email = world.queue()
    world.gmail.fail("drafts.send", "act_then_drop")
    world.attempt(email)
    world.delete_everything_at_gmail()
    world.work()
    email.refresh_from_db()
    assert email.error_class == ErrorClass.UNCONFIRMED
    return email


def test_a_person_settles_what_nobody_can_know(world, hers):
    """S95: it was sent; its status stays, its failure is resolved, by whom is written."""
    path = f"/outgoing-emails/{lose(world).pk}"
    assert hers.post(f"{path}/retries").status_code == 409
    for _ in range(2):
        settled = hers.post(f"{path}/resolutions", {"resolution": "sent"}, key="k1")
        assert (settled.status_code, settled.json()["resolution"]) == (200, "sent")
    assert settled.json()["resolved_at"]
    assert hers.post(f"{path}/resolutions", {"resolution": "dismissed"}).status_code == 409
    assert AuditEntry.objects.filter(what="outgoing email settled").count() == 1


def test_what_is_known_not_to_be_sent_cannot_be_called_sent(world, hers):
    path = f"/outgoing-emails/{fail(world).pk}/resolutions"
    assert hers.post(path, {"resolution": "sent"}).status_code == 409
    assert hers.post(path, {"resolution": "perhaps"}).status_code == 422
    assert hers.post(path, {"resolution": "dismissed"}).json()["resolution"] == "dismissed"


def test_many_are_retried_at_once_and_each_says_what_became_of_it(world, hers):
    """S35, S95: one that cannot go holds up none, and one that may have been sent is never among them."""
    failed, lost, draft = fail(world), lose(world), world.write()
    ids = [str(one.pk) for one in (failed, lost, draft, world.mailbox)]
    told = hers.post("/outgoing-emails/retries", {"ids": [*ids, ids[0]]}, key="k1").json()["items"]
    assert [(one["id"], one["status"], bool(one["refusal"])) for one in told] == [
        (ids[0], "queued", False),
        (ids[1], "failed", True),
        (ids[2], "draft", True),
        (ids[3], "", True),
    ]
    again = hers.post("/outgoing-emails/retries", {"ids": [*ids, ids[0]]}, key="k1").json()["items"]
    assert [one["status"] for one in again] == ["queued", "failed", "draft", ""]
    assert StatusChange.objects.filter(email=failed, new="queued").count() == 2


def test_a_team_mate_retries_nothing_of_hers(world, his):
    failed = fail(world)
    [told] = his.post("/outgoing-emails/retries", {"ids": [str(failed.pk)]}).json()["items"]
    assert (told["status"], "team-mate" in told["refusal"]) == ("failed", True)


def test_what_was_sent_is_duplicated_to_be_edited(world, hers):
    """S24."""
    world.queue(subject="Offer")
    world.work()
    sent = OutgoingEmail.objects.get()
    copies = [hers.post(f"/outgoing-emails/{sent.pk}/copies", key="k1") for _ in range(2)]
    assert [one.status_code for one in copies] == [201, 201]
    assert copies[0].json()["id"] == copies[1].json()["id"] != str(sent.pk)
    assert (copies[0].json()["status"], copies[0].json()["subject"]) == ("draft", "Offer")


def test_a_file_is_attached_listed_and_taken_away(world, hers, his, strangers):
    """S24: once per key, and only by whom the draft is."""
    draft = write(hers, world.mailbox).json()
    path = f"/outgoing-emails/{draft['id']}/attachments"

    def offer() -> SimpleUploadedFile:
        return SimpleUploadedFile("Angebot für Anna.pdf", b"%PDF-1.7", "application/pdf")

    for program in (his, strangers):
        assert upload(program, path, offer()).status_code == 404
    for _ in range(2):
        assert upload(hers, path, offer(), key="k1").status_code == 201
    other = SimpleUploadedFile("Angebot für Anna.pdf", b"%PDF-1.8", "application/pdf")
    assert upload(hers, path, other, key="k1").status_code == 422
    [file] = hers.get(path).json()
    assert (file["filename"], file["size"], file["content_type"]) == (
        "Angebot für Anna.pdf",
        8,
        "application/pdf",
    )
    assert hers.ask("DELETE", f"{path}/{file['id']}").status_code == 204
    assert hers.get(path).json() == []


def test_a_picture_gets_a_content_id_that_the_text_can_show(world, hers):
    draft = write(hers, world.mailbox).json()
    path = f"/outgoing-emails/{draft['id']}/attachments?as_picture=true"
    picture = SimpleUploadedFile("dot.png", PNG, "image/png")
    [file] = upload(hers, path, picture).json()["files"]
    assert file["content_id"]
    html = f'<p><img src="cid:{file["content_id"]}"></p>'
    changes = {"version": 1, "html": html}
    changed = hers.ask("PATCH", f"/outgoing-emails/{draft['id']}", changes).json()
    assert f"cid:{file['content_id']}" in changed["html"]
    text = SimpleUploadedFile("dot.png", b"no picture", "image/png")
    assert upload(hers, path, text).status_code == 422


def test_a_file_that_is_too_large_is_refused(world, hers):
    draft = write(hers, world.mailbox).json()
    path = f"/outgoing-emails/{draft['id']}/attachments"
    large = SimpleUploadedFile("large.bin", bytes(26 * 1024 * 1024))
    refused = upload(hers, path, large)
    assert (refused.status_code, refused.json()["field"]) == (422, "file")
    assert hers.get(path).json() == []


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("a" * 300 + ".pdf", 201),
        ("a" * 1_500 + ".pdf", 400),
        ("..", 422),
        ("/", 422),
        ("ü" * 150, 201),
    ],
    ids=["long", "far too long", "two dots", "a slash", "other letters"],
)
def test_whatever_a_file_is_called_the_answer_is_a_file_or_a_problem(world, hers, name, status):
    """S24."""
    draft = write(hers, world.mailbox).json()
    form = (
        f'--B\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        "Content-Type: application/pdf\r\n\r\n%PDF\r\n--B--\r\n"
    )
    answer = Client().generic(
        "POST",
        f"/api/v1/outgoing-emails/{draft['id']}/attachments",
        form.encode(),
        content_type="multipart/form-data; boundary=B",
        headers={"Authorization": f"Bearer {hers.token}"},
    )
    assert answer.status_code == status
    kind = "application/json" if status == 201 else "application/problem+json"
    assert answer["Content-Type"].partition(";")[0] == kind
    assert status == 201 or answer.json()["way_out"]


def test_what_an_email_is_about_is_added_and_taken_away_in_any_status(world, alice, hers, his, at):
    """S20."""
    anna = a_contact(alice, "Anna Lind")
    email = world.queue()
    path = f"/outgoing-emails/{email.pk}/regarding"
    deal = {
        "subject_type": "deal",
        "subject_id": "D/7 ?&",
        "label": "Spring catalogue",
        "url": "https://crm.example/7",
    }
    for _ in range(2):
        assert hers.post(path, deal, key="k1").status_code == 201
    contact = {"subject_type": "contact", "subject_id": str(anna.pk)}
    regarding = hers.post(path, contact).json()["regarding"]
    assert [(one["subject_type"], one["label"]) for one in regarding] == [
        ("deal", "Spring catalogue"),
        ("contact", "Anna Lind"),
    ]
    assert hers.post(path, {**deal, "subject_type": "ghost"}).status_code == 422
    assert his.post(path, contact).status_code == 403
    query = "?subject_type=deal&subject_id=D%2F7%20%3F%26"
    assert hers.ask("DELETE", path + query).status_code == 204
    assert hers.ask("DELETE", path + query).status_code == 404
    assert [one["subject_type"] for one in hers.get(path).json()] == ["contact"]


def test_a_recipient_is_shown_with_the_contact_they_are(world, alice, hers):
    """S3."""
    anna = a_contact(alice, "Anna", "anna@lindwerk.example")
    made = write(hers, world.mailbox, cc=["boris@kontor.example"]).json()
    assert [one["contact_id"] for one in made["to"] + made["cc"]] == [str(anna.pk), None]


def test_a_mailboxs_queue_is_paused_with_a_reason_and_resumed(world, alice, hers, his):
    """S24: what waits says why."""
    path = f"/mailboxes/{world.mailbox.pk}/sending-pause"
    made = write(hers, world.mailbox, queue=True).json()
    paused = hers.ask("PUT", path, {"reason": "Wrong price list"}).json()["sending"]
    assert (paused["is_paused"], paused["reason"], paused["paused_by"]["name"]) == (
        True,
        "Wrong price list",
        "Alice Halden",
    )
    expected = hers.get(f"/outgoing-emails/{made['id']}").json()["expected"]
    assert (expected["at"], "Wrong price list" in expected["reason"]) == (None, True)
    assert his.ask("DELETE", path).status_code == 403
    assert hers.ask("DELETE", path).json()["sending"]["is_paused"] is False


def test_whatever_programs_do_all_proofs_hold(world, hers):
    """S15, S19."""
    made = write(hers, world.mailbox, queue=True).json()
    hers.ask("DELETE", f"/outgoing-emails/{made['id']}/queueing")
    hers.post(f"/outgoing-emails/{made['id']}/queueing")
    hers.post(f"/outgoing-emails/{fail(world).pk}/retries")
    world.clock.now = now() + timedelta(minutes=1)
    world.work()
    assert set(OutgoingEmail.objects.values_list("status", flat=True)) == {Status.SENT}
    assert [flaw for one in verify() for flaw in one.flaws] == []
