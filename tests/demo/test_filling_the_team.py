"""The demo's rows are made by the same functions that people use."""

from __future__ import annotations

import pytest

from letterbook.contacts.models import Contact
from letterbook.demo.fake_control import FakeControl
from letterbook.demo.filling import PASSWORD, fill_demo
from letterbook.demo.living import open_accounts
from letterbook.demo.starting import FILLED
from letterbook.mailboxes.models import Mailbox, MailboxState, SendAsAddress
from letterbook.outgoing.models import EmailTemplate, OutgoingEmail
from letterbook.project.verification import verify
from letterbook.providers.fake_gmail.server import serve
from letterbook.providers.fake_gmail.state import CLIENT_ID, CLIENT_SECRET
from letterbook.providers.fake_gmail.world import FakeGmail
from letterbook.providers.gmail.endpoints import GoogleEndpoints
from letterbook.teams.models import Membership, User
from letterbook.timeline.models import Activity

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def gmail(settings, tmp_path):
    world = FakeGmail(seed=1)
    with serve(world) as url, FakeControl(url) as control:
        google = GoogleEndpoints.at(url)
        settings.GOOGLE_CLIENT_ID, settings.GOOGLE_CLIENT_SECRET = CLIENT_ID, CLIENT_SECRET
        settings.GOOGLE_AUTH_URL, settings.GOOGLE_TOKEN_URL = google.auth_url, google.token_url
        settings.GOOGLE_REVOKE_URL, settings.GMAIL_API_URL = google.revoke_url, google.api_url
        settings.HOME = tmp_path
        open_accounts(control)
        (tmp_path / FILLED).touch()
        yield world


def test_the_team_its_contacts_mailboxes_and_outbox_are_there(gmail):
    fill_demo()
    roles = {one.user.email: one.role for one in Membership.objects.select_related("user")}
    assert list(roles.values()).count("owner") == 1
    assert roles["priya@haldenrowe.example"] == "owner"
    assert User.objects.get(email="jonas@haldenrowe.example").check_password(PASSWORD)
    assert Contact.objects.count() == 40
    assert {one.address.partition("@")[0]: one.get_sharing_display() for one in Mailbox.objects.all()} == {
        "priya": "Full emails",
        "tom": "Full emails",
        "ines": "Subjects",
        "mara": "Who and when",
        "jonas": "Private",
    }  # fmt: skip
    assert {one.state for one in Mailbox.objects.all()} == {MailboxState.CONNECTED}
    addresses = SendAsAddress.objects.filter(mailbox__owner__email="priya@haldenrowe.example")
    assert {one.address: "Managing partner" in one.signature_html for one in addresses} == {
        "priya@haldenrowe.example": True,
        "studio@haldenrowe.example": False,
    }
    templates = [(one.name, one.owner_id is None) for one in EmailTemplate.objects.order_by("name")]
    assert templates == [
        ("Introducing myself", False),
        ("Proofs are ready", True),
        ("Quote follow-up", True),
    ]
    states = {one.subject: one.status for one in OutgoingEmail.objects.all()}
    assert states == {
        "Opening times over Christmas": "draft",
        "Kick-off for the catalogue": "draft",
        "Reminder: museum proofs": "queued",
        "Lift lobby: drawing for the engineer": "failed",
        "Invoice HR-1458": "sent",
        "Three directions for the price list": "sent",
    }
    assert len(gmail.accepted) == 2
    assert {one.type for one in Activity.objects.filter(message=None)} == {
        "note",
        "call",
        "meeting",
        "task",
    }
    assert [flaw for one in verify() for flaw in one.flaws] == []
