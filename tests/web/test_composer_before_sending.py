"""Before an email goes: what to look at again, when it may go, what it is about."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils.timezone import now

from browsing import words
from factories import a_contact, a_mailbox, a_message
from letterbook.contacts.keeping import edit_contact
from letterbook.kit.refusals import Invalid
from letterbook.mailboxes.models import Sharing
from letterbook.outgoing.models import OutgoingEmail
from letterbook.outgoing.status import Status
from letterbook.web.send_times import Zone, read_send_at, send_times
from letterbook.web.their_clock import clock_of
from written import a_draft

MORNING = datetime(2026, 11, 24, 9, 15, tzinfo=UTC)


@pytest.fixture
def box(alice):
    return a_mailbox(alice, address="alice@haldenrowe.example")


@pytest.fixture
def form(box):
    """What the composer's form holds; any field may be changed."""

    def fill(**fields):
        return {
            "from": f"{box.pk}|{box.address}",
            "to": "anna@lindwerk.example",
            "subject": "The proofs",
            "html": "<p>Here they are.</p>",
            "key": "form-1",
            "do": "send",
        } | fields

    return fill


@pytest.fixture
def browser(client, alice):
    client.force_login(alice.user)
    return client


def weighed(page: str) -> list[str]:
    return re.findall(r'name="weighed" value="([^"]+)"', page)


def test_what_is_forgotten_is_said_once_and_then_it_goes(browser, form):
    """A forgotten file: pressing Send again sends."""
    typed = form(html="<p>Please see the attached file.</p>")
    shown = browser.post(reverse("write"), typed)
    page = words(shown)
    assert shown.status_code == 422
    assert "no file is attached" in page
    assert "Send anyway" in page
    email = OutgoingEmail.objects.get()
    assert email.status == Status.DRAFT
    again = typed | {"version": email.version, "weighed": weighed(page)}
    browser.post(reverse("edit-email", args=[email.pk]), again)
    email.refresh_from_db()
    assert email.status == Status.QUEUED


def test_a_double_click_does_not_weigh_for_the_person(browser, form):
    """The second of two equal requests has seen nothing either."""
    typed = form(subject="")
    for _ in range(2):
        assert browser.post(reverse("write"), typed).status_code == 422
    assert OutgoingEmail.objects.get().status == Status.DRAFT


def test_another_caution_is_shown_although_the_first_was_weighed(browser, form):
    page = words(browser.post(reverse("write"), form(subject="")))
    email = OutgoingEmail.objects.get()
    typed = form(subject="", html="", version=email.version, weighed=weighed(page))
    again = words(browser.post(reverse("edit-email", args=[email.pk]), typed))
    assert "You have written nothing yet." in again
    assert "The email has no subject." not in again


@pytest.mark.parametrize(
    ("typed", "fix"),
    [
        ({"subject": ""}, 'data-focuses="subject"'),
        ({"html": "<p>The file is attached.</p>"}, 'for="id_file">Add a file'),
        ({"html": "<p>Dear {{ contact.first_name }},</p>"}, 'data-focuses="html"'),
    ],
)
def test_each_caution_has_its_fix_beside_it(browser, form, typed, fix):
    assert fix in words(browser.post(reverse("write"), form(**typed)))


def test_a_scheduled_email_is_weighed_too_and_keeps_its_time(browser, form):
    moment = (now() + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M")
    page = words(browser.post(reverse("write"), form(subject="", do=f"schedule:{moment}")))
    assert f'value="schedule:{moment}" data-key="mod+enter"' in page
    assert "Schedule anyway" in page


def test_a_colleague_who_writes_to_the_same_person_is_shown_beside_the_email(
    browser, alice, bob, box, at
):
    draft = a_draft(alice, box, at=at)
    a_draft(bob, a_mailbox(bob), at=now())
    shown = words(
        browser.get(reverse("beside"), {"to": "anna@lindwerk.example", "draft": str(draft.pk)})
    )
    assert "Bob Rowe is writing to" in shown


def test_a_private_draft_of_a_strangers_team_says_nothing(browser, alice, charlie, box, at):
    draft = a_draft(alice, box, at=at)
    a_draft(charlie, a_mailbox(charlie), at=now())
    shown = words(
        browser.get(reverse("beside"), {"to": "anna@lindwerk.example", "draft": str(draft.pk)})
    )
    assert "is writing to" not in shown


@pytest.mark.parametrize("draft", ["", "nonsense", "01a209c8-80f0-77d8-9ede-5a3ec60800b2"])
def test_what_stands_beside_needs_no_draft(browser, box, draft):
    assert browser.get(reverse("beside"), {"draft": draft}).status_code == 200


def test_others_of_the_same_company_are_offered(browser, alice, box, at):
    """S26: company colleagues suggested."""
    for name, address in (
        ("Anna Lind", "anna@lindwerk.example"),
        ("Jens, J.", "j@lindwerk.example"),
    ):
        contact = a_contact(alice, name, address)
        edit_contact(alice, contact, company="Lindwerk", at=at)
    shown = words(browser.get(reverse("beside"), {"to": "anna@lindwerk.example"}))
    assert 'data-address="&quot;Jens, J.&quot;' in shown.replace(
        '"Jens, J."', "&quot;Jens, J.&quot;"
    )
    assert 'data-address="Anna' not in shown


def test_the_recipients_clock_is_read_from_their_own_mail(alice, box):
    anna = a_contact(alice, "Anna Lind", "anna@lindwerk.example")
    raw = b"Date: Mon, 23 Nov 2026 10:00:00 -0500\r\nFrom: anna@lindwerk.example\r\n\r\nHello"
    a_message(box, anna, raw=raw)
    assert clock_of(alice, anna) == timezone(timedelta(hours=-5))
    anna.time_zone = "Asia/Tokyo"  # what is on their card comes first
    assert clock_of(alice, anna) == ZoneInfo("Asia/Tokyo")


@pytest.mark.parametrize("date", [b"Mon, 23 Nov 2026 10:00:00 +0000", b"yesterday", b""])
def test_a_date_that_says_nothing_is_no_clock(alice, box, date):
    anna = a_contact(alice, "Anna Lind", "anna@lindwerk.example")
    a_message(box, anna, raw=b"Date: " + date + b"\r\nFrom: anna@lindwerk.example\r\n\r\nHello")
    assert clock_of(alice, anna) is None


def test_mail_that_one_may_not_read_tells_no_clock(bob, alice, box):
    box.sharing = Sharing.PRIVATE
    box.save()
    anna = a_contact(alice, "Anna Lind", "anna@lindwerk.example")
    raw = b"Date: Mon, 23 Nov 2026 10:00:00 -0500\r\nFrom: anna@lindwerk.example\r\n\r\nHello"
    a_message(box, anna, raw=raw)
    assert clock_of(bob, anna) is None


def test_both_clocks_are_shown():
    """The sender's morning with theirs beside it, and theirs with the sender's."""
    presets = send_times(timezone(timedelta(hours=9)), at=MORNING)["presets"]
    shown = {one.label: one.remark for one in presets}
    assert shown["Tomorrow 08:00"] == "Wed 17:00 theirs"
    assert shown["Tomorrow 08:00 for them"] == "Tue 23:00 yours"


def test_their_morning_is_meant_after_their_clocks_have_changed():
    """S12: before it they are two hours ahead of UTC, then three."""
    friday = datetime(2026, 3, 27, 18, 0, tzinfo=UTC)
    offered = send_times(ZoneInfo("Europe/Athens"), at=friday)
    assert offered["zones"][1] == Zone("Europe/Athens", "their time, Athens")
    for day, hour in ((28, 6), (30, 5)):
        asked = f"2026-03-{day}T08:00"
        moment = read_send_at(asked, zone=offered["zones"][1].value, at=friday)
        assert moment == datetime(2026, 3, day, hour, tzinfo=UTC)
    saturday = send_times(ZoneInfo("Europe/Athens"), at=friday + timedelta(days=1))
    assert saturday["presets"][-1].value == "2026-03-29T08:00+03:00"


def test_clocks_that_agree_today_but_not_in_summer_are_two():
    """London and UTC in winter; of an offset in an email nobody knows what it will be."""
    assert send_times(ZoneInfo("Europe/London"), at=MORNING)["their_now"] is not None
    assert send_times(ZoneInfo("Etc/UTC"), at=MORNING)["their_now"] is None


def test_the_same_clock_is_shown_once():
    assert all(not one.remark for one in send_times(UTC, at=MORNING)["presets"])
    assert send_times(None, at=MORNING)["their_now"] is None


@pytest.mark.parametrize(
    ("zone", "moment"),
    [
        ("", datetime(2026, 11, 25, 8, 0, tzinfo=UTC)),
        ("UTC+02:00", datetime(2026, 11, 25, 6, 0, tzinfo=UTC)),
        ("Asia/Tokyo", datetime(2026, 11, 25, 8, 0, tzinfo=ZoneInfo("Asia/Tokyo"))),
    ],
)
def test_a_chosen_time_is_meant_on_the_chosen_clock(zone, moment):
    assert read_send_at("2026-11-25T08:00", zone=zone, at=MORNING) == moment


@pytest.mark.parametrize("zone", ["Mars/Olympus", "UTC+99:99", "../../etc/passwd", "UTCx"])
def test_a_clock_that_is_none_is_refused(zone):
    with pytest.raises(Invalid):
        read_send_at("2026-11-25T08:00", zone=zone, at=MORNING)


@pytest.mark.parametrize(
    ("asked", "zone", "moment"),
    [
        ("2026-03-29T02:30", "Europe/Berlin", None),
        ("2026-03-29T03:00", "Europe/Berlin", datetime(2026, 3, 29, 1, tzinfo=UTC)),
        ("2026-10-25T02:30", "Europe/Berlin", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("2026-03-29T02:30+01:00", "Europe/Berlin", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
    ],
    ids=["never comes", "the first after the gap", "comes twice", "says its offset"],
)
def test_a_time_that_never_comes_is_refused_and_of_two_the_first_is_meant(asked, zone, moment):
    """S12: clocks put forward and back."""
    at = datetime(2026, 1, 5, tzinfo=UTC)
    if moment is None:
        with pytest.raises(Invalid, match="never comes"):
            read_send_at(asked, zone=zone, at=at)
    else:
        assert read_send_at(asked, zone=zone, at=at) == moment


def test_an_email_is_about_records_of_any_system(browser, alice, box, at):
    """S20: several at once, added and removed, with a link."""
    draft = a_draft(alice, box, at=at)
    anna = a_contact(alice, "Anna Lind")
    address = reverse("edit-email", args=[draft.pk])
    kept = {"from": f"{box.pk}|{box.address}", "to": "anna@lindwerk.example"}
    record = {
        "subject_type": "deal",
        "subject_id": "D-17",
        "subject_label": "Spring catalogue",
        "subject_url": "https://crm.example/deals/17",
    }
    browser.post(address, kept | record | {"version": 1, "do": "link"})
    page = browser.post(
        address, kept | {"version": 2, "do": f"link:contact:{anna.pk}"}, follow=True
    )
    assert "Spring catalogue" in words(page)
    assert 'href="https://crm.example/deals/17"' in words(page)
    assert set(draft.regarding.values_list("subject_type", flat=True)) == {"deal", "contact"}
    browser.post(address, kept | {"version": 3, "do": "unlink:deal:D-17"})
    assert [one.label for one in draft.regarding.all()] == ["Anna Lind"]


def test_a_link_that_is_none_is_refused_and_nothing_typed_is_lost(browser, alice, box, at):
    draft = a_draft(alice, box, at=at)
    typed = {"from": f"{box.pk}|{box.address}", "to": "", "subject": "Kept", "version": 1}
    record = {"subject_type": "deal", "subject_id": "1", "subject_url": "javascript:alert(1)"}
    answer = browser.post(reverse("edit-email", args=[draft.pk]), typed | record | {"do": "link"})
    assert answer.status_code == 422
    assert "This is no link to a page." in words(answer)
    assert 'value="Kept"' in words(answer)
