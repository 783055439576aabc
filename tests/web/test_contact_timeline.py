"""A contact's timeline on its page: folded, narrowed, jumped into, written into; and what is open beside it."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now

from browsing import as_member, words
from factories import START, a_contact, a_mailbox, a_member, a_message, a_note, a_thread, rewrite
from letterbook.mailboxes.models import Sharing
from letterbook.timeline import activity_types
from letterbook.timeline.activity_types import KnownType, register_activity_type
from letterbook.timeline.keeping import pin_activity, write_activity
from letterbook.timeline.models import Activity
from letterbook.web.contact_timeline import LINES
from written import a_failed_email, a_queued_email


@pytest.fixture
def box(alice):
    return a_mailbox(alice, address="alice@haldenrowe.example")


@pytest.fixture
def anna(alice):
    return a_contact(alice, "Anna Lind", "anna@lindwerk.example")


def text_of(response):
    return " ".join(re.sub(r"<[^>]+>", " ", words(response)).split())


def page_of(member, contact, query="", **headers):
    return as_member(member).get(reverse("contact", args=[contact.pk]) + query, headers=headers)


def spine_of(response):
    """The timeline alone, without what stands above and beside it."""
    return re.sub(r"^.*?<section class=\"spine|<aside.*", "", words(response), flags=re.DOTALL)


def refreshed(member, contact, page):
    """The newest part, as an open page asks for it when it hears of news."""
    query = re.search(r'hx-get="([^"]*down_to=[^"]*)"', page.content.decode())[1]
    return page_of(
        member, contact, query.replace("&amp;", "&"), HX_Request="true", HX_Target="newest"
    )


def post(member, name, *args, **fields):
    return as_member(member).post(reverse(name, args=args), fields)


def test_emails_of_one_conversation_that_follow_one_another_are_folded_into_one(alice, box, anna):
    """S65, S66: opened in their place, each once, what else happened between them keeps them apart."""
    thread = a_thread(alice)
    for hour in range(4):
        a_message(box, anna, thread=thread, text=f"Word {hour}", at=START + timedelta(hours=hour))
    a_note(alice, anna, at=START + timedelta(hours=5))
    a_message(box, anna, thread=thread, text="Word 5", at=START + timedelta(hours=6))
    spine = spine_of(page_of(alice, anna))
    assert re.findall(r"Word (\d)", spine) == ["5", "3", "2", "1", "0"]
    assert spine.count("data-row") == 3
    assert "3 earlier in this conversation" in spine


def test_new_mail_stands_in_its_place_with_a_mark_and_folds_nothing_away(alice, box, anna):
    thread = a_thread(alice)
    for hour in range(2):
        a_message(box, anna, thread=thread, at=START + timedelta(hours=hour))
    page = page_of(alice, anna)
    assert "new-mark" not in words(page)
    a_message(box, anna, thread=thread, subject="Newcomer", at=now())
    part = words(refreshed(alice, anna, page))
    assert part.count("new-mark") == 1
    assert "1 new" in part
    assert "earlier in this conversation" not in part
    assert "<html" not in part


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("?direction=in", {"Theirs", "Old"}),
        ("?direction=out", {"Ours", "Lift lobby"}),
        ("?show=note", {"Prefers calls."}),
        ("?files=1", {"Ours"}),
        ("?until=2026-10-01", {"Old"}),
        ("?since=2026-10-02&direction=in", {"Theirs"}),
        ("?failed=1", {"Lift lobby"}),
        ("?person={bob}", {"Prefers calls."}),
        ("?mailbox={box}&show=email", {"Theirs", "Ours", "Old", "Lift lobby"}),
        ("?show=nonsense&since=x&person=1", {"Theirs", "Ours", "Old", "Prefers calls.", "Lift lobby"}),
    ],
)  # fmt: skip
def test_the_address_narrows_the_timeline(alice, bob, box, anna, query, shown):
    a_message(box, anna, subject="Theirs")
    a_message(box, anna, subject="Old", at=START - timedelta(days=60))
    a_message(box, anna, subject="Ours", direction="out", files=("a.pdf",))
    a_note(bob, anna)
    a_failed_email(alice, box, at=now(), subject="Lift lobby")
    spine = spine_of(page_of(alice, anna, query.format(bob=bob.user_id, box=box.pk)))
    known = ("Theirs", "Old", "Ours", "Prefers calls.", "Lift lobby")
    assert {word for word in known if f">{word}<" in spine} == shown


def test_one_goes_to_a_day_and_on_from_there_both_ways(alice, box, anna):
    """S64: in the viewer's own time zone, where the day ends at another moment."""
    alice.user.time_zone = "America/New_York"
    alice.user.save()
    for number in range(3):
        moment = START + timedelta(days=number, hours=19, minutes=30)
        a_message(box, anna, subject=f"Letter {number}", at=moment)
    page = page_of(alice, anna, "?on=2026-11-02")
    # 03:30 UTC of the third is still the evening of the second there.
    assert re.findall(r"Letter (\d)", spine_of(page)) == ["1", "0"]
    newer = re.search(r'href="(\?newer=1[^"]+)"', words(page))[1]
    assert re.findall(r"Letter (\d)", spine_of(page_of(alice, anna, newer)))[0] == "2"
    assert "Nothing is that old." in words(page_of(alice, anna, "?on=1999-01-01"))


def test_both_clocks_are_told_where_the_senders_lies(alice, box, anna):
    """S81: by days; one that is a few minutes off says nothing."""
    wrong, right = a_message(box, anna), a_message(box, anna)
    rewrite(wrong, date_header=START + timedelta(days=400))
    rewrite(right, date_header=right.occurred_at - timedelta(minutes=5))
    assert re.findall(r"Its own clock said[^>]*>([^<]+)", words(page_of(alice, anna))) == [
        "6 Dec 2027, 08:00"
    ]


def test_a_call_a_meeting_and_a_task_are_written_with_what_each_has(alice, bob, anna):
    """S59, S68, S75."""
    post(alice, "write-note", anna.pk, type="call", text="Opens in May.", minutes="74",
         occurred_at="2026-11-03T10:15")  # fmt: skip
    post(alice, "write-note", anna.pk, type="task", text="Send the proof", due_on="2026-11-05",
         assignee=str(bob.user_id))  # fmt: skip
    call, task = Activity.objects.get(type="call"), Activity.objects.get(type="task")
    assert (call.minutes, call.occurred_at.isoformat()) == (74, "2026-11-03T10:15:00+00:00")
    assert (task.due_on, task.assignee) == (date(2026, 11, 5), bob.user)
    page = page_of(bob, anna)
    for part in ("Call by Alice 1 h 14 min", "Task by Alice for you", "Due 5 Nov 2026", "yours"):
        assert part in text_of(page)
    post(bob, "finish-task", anna.pk, task.pk)
    page = page_of(bob, anna)
    assert "Done " in spine_of(page)
    assert "Send the proof" not in words(page).partition("<aside")[2]
    post(bob, "reopen-task", anna.pk, task.pk)
    task.refresh_from_db()
    assert task.done_at is None


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"type": "call", "text": "x", "minutes": "many"}, "Minutes are a number."),
        ({"type": "call", "text": "x", "occurred_at": "tomorrow"}, "This is no time."),
        ({"type": "task", "text": "Send it", "due_on": "soon"}, "This is no day."),
        ({"type": "task", "text": "Send it", "assignee": "bob"}, "no such person"),
        ({"type": "visit", "text": "x"}, "There is no activity of type"),
    ],
)
def test_what_cannot_be_kept_is_said_and_what_was_typed_stays(alice, anna, fields, said):
    answer = post(alice, "write-note", anna.pk, **fields)
    assert answer.status_code == 422
    assert fields["type"] == "visit" or said in words(answer)
    assert not Activity.objects.exists()


def test_a_changed_note_tells_what_it_was_and_who_changed_it(alice, bob, anna):
    """S73: versioned, readable by the team."""
    note = write_activity(alice, anna, type="call", text="Prefers calls.", at=now())
    edit = reverse("edit-activity", args=[anna.pk, note.pk])
    form = as_member(alice).get(edit)
    typed = re.search(r'name="occurred_at" value="([^"]+)"', words(form))[1]
    fields = {"text": "Prefers letters.", "occurred_at": typed, "minutes": ""}
    assert as_member(alice).post(edit, fields).status_code == 303
    shown = text_of(page_of(bob, anna))
    assert "Prefers letters. Changed by Alice" in shown
    assert "Until Alice changed it: Prefers calls." in shown
    assert as_member(bob).post(edit, fields).status_code == 403
    note.refresh_from_db()
    assert [one.was for one in note.changes.all()] == [{"text": "Prefers calls."}]


def test_a_note_is_kept_to_oneself_on_the_page_and_moved_to_whom_it_is_about(alice, bob, anna):
    """S73: who sees it and whose history it is in are asked where it is written and edited."""
    post(bob, "write-note", anna.pk, type="note", text="Hesitates.", seen_by="me")
    assert "Note by you Only you" in text_of(page_of(bob, anna))
    assert "Hesitates." not in text_of(page_of(alice, anna))
    note, otto = Activity.objects.get(), a_contact(alice, "Otto Vane", "otto@vane.example")
    edit = reverse("edit-activity", args=[anna.pk, note.pk])
    assert 'value="me" selected' in words(as_member(bob).get(edit))
    as_member(bob).post(edit, {"text": "Decides on Monday.", "seen_by": "team"})
    assert "Decides on Monday." in text_of(page_of(alice, anna))
    assert 'name="seen_by"' not in words(as_member(alice).get(edit))
    move = reverse("move-activity", args=[anna.pk, note.pk])
    assert str(otto.pk) in words(as_member(alice).get(f"{move}?q=vane"))
    assert as_member(alice).post(move, {"contact": "nobody"}).status_code == 422
    moved = as_member(alice).post(move, {"contact": str(otto.pk)}, follow=True)
    assert "no longer in that of Anna Lind" in text_of(moved)
    assert "Until you changed it: in the history of another contact" in text_of(moved)
    assert "Decides on Monday." not in text_of(page_of(alice, anna))


def test_what_is_pinned_stands_on_top_and_in_its_place(alice, bob, box, anna):
    message = a_message(box, anna, subject="The contract")
    a_message(box, anna, subject="Later")
    line = message.activities.get()
    post(bob, "pin-activity", anna.pk, line.pk)
    page = page_of(alice, anna)
    assert re.findall(r"The contract|>Later<|>Pinned<", spine_of(page)) == [
        ">Pinned<",
        "The contract",
        ">Later<",
        "The contract",
    ]
    post(alice, "unpin-activity", anna.pk, line.pk)
    assert ">Pinned<" not in spine_of(page_of(alice, anna))


def test_a_type_of_another_app_is_written_shown_and_asked_for_like_our_own(
    alice, anna, monkeypatch
):
    monkeypatch.setattr(activity_types, "_known", dict(activity_types._known))
    with pytest.raises(ValueError, match="already"):
        register_activity_type(KnownType("note", "Memo", "Memos"))
    with pytest.raises(ValueError, match="no name"):
        register_activity_type(KnownType("Site visit", "Visit", "Visits"))
    register_activity_type(KnownType("visit", "Visit", "Visits", has_length=True))
    assert "Visits" in text_of(page_of(alice, anna))
    fields = {"type": "visit", "text": "Saw the lift lobby.", "minutes": "90"}
    assert post(alice, "write-note", anna.pk, **fields).status_code == 303
    shown = text_of(page_of(alice, anna, "?show=visit"))
    assert "Visit by you 1 h 30 min" in shown
    assert "Saw the lift lobby." not in text_of(page_of(alice, anna, "?show=note"))
    monkeypatch.undo()
    assert "Visit by you" in text_of(page_of(alice, anna)), "its app is gone, what it wrote is not"


def test_beside_the_timeline_stands_what_is_open_and_nothing_that_is_hidden(alice, bob, anna):
    """S77, S86: open conversations and who owes the answer, the next email, tasks, files; for each viewer."""
    open_box = a_mailbox(alice, address="alice@haldenrowe.example")
    subjects = a_mailbox(alice, sharing=Sharing.SUBJECT)
    private = a_mailbox(alice, sharing=Sharing.PRIVATE)
    soon = now() - timedelta(days=2)
    a_message(open_box, anna, subject="Asked us", at=soon, files=("open.pdf",))
    a_message(open_box, anna, subject="Asked them", at=soon, direction="out")
    a_message(subjects, anna, subject="Titled", at=soon, files=("closed.pdf",))
    a_message(private, anna, subject="Hidden", at=soon, files=("private.pdf",))
    a_queued_email(alice, open_box, at=now(), send_at=now() + timedelta(days=1), subject="Planned")
    hers, his = (
        text_of(page_of(member, anna)).partition("Anna wrote last")[2] for member in (alice, bob)
    )
    for part in ("Asked us Waiting for you", "Asked them Waiting for Anna", "Planned", "open.pdf"):
        assert part in hers
    for part in ("Hidden", "private.pdf", "Titled", "closed.pdf"):
        assert part in hers
    assert "Asked us Waiting for us" in his
    assert "Titled" in his
    for part in ("Hidden", "private.pdf", "closed.pdf"):
        assert part not in his


@pytest.mark.parametrize(
    "name",
    ["edit-activity", "pin-activity", "unpin-activity", "finish-task", "reopen-task", "delete-activity",
     "restore-activity"],
)  # fmt: skip
def test_a_stranger_and_who_may_not_know_of_it_change_no_line(alice, bob, charlie, anna, name):
    """S71, S72: someone else's line is a 404."""
    private = a_message(a_mailbox(alice, sharing=Sharing.PRIVATE), anna).activities.get()
    note = a_note(alice, anna)
    for member, line in ((charlie, note), (charlie, private), (bob, private)):
        assert post(member, name, anna.pk, line.pk, text="mine").status_code == 404
    line = Activity.objects.get(pk=note.pk)
    assert (line.text, line.pinned_at) == (note.text, None)


def test_what_a_team_mate_wrote_is_changed_by_them_or_an_admin(alice, bob, anna):
    """S70, S76: everybody on the team may pin it, for all of them."""
    carol = a_member(alice, "Carol")
    note = a_note(bob, anna)
    for name in ("edit-activity", "delete-activity"):
        assert post(carol, name, anna.pk, note.pk, text="mine").status_code == 403
    assert post(carol, "pin-activity", anna.pk, note.pk).status_code == 303
    assert pin_activity(alice, note.pk, is_pinned=True, at=now()).pinned_at
    assert post(alice, "delete-activity", anna.pk, note.pk).status_code == 303


def test_a_page_asks_no_more_questions_the_longer_the_history_is(alice, box, anna):
    """S82: first page and next page."""

    def questions(query=""):
        with CaptureQueriesContext(connection) as asked:
            page = page_of(alice, anna, query)
        return len(asked), page

    def write(number):
        for _ in range(number):
            a_message(box, anna, files=("a.pdf",))
            a_message(box, anna, direction="out", thread=a_thread(alice))
            a_note(alice, anna)

    write(2)
    few, _ = questions()
    write(LINES // 2)
    many, page = questions()
    assert many == few
    older = re.search(r'id="older"><a class="link-ink" href="([^"]+)"', words(page))[1]
    assert questions(older)[0] <= few
