"""The demo's team in Letterbook: its people, its contacts, its mailboxes, and what waits in the outbox."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from letterbook.contacts.keeping import create_contact
from letterbook.demo.cast import Colleague, agency, companies
from letterbook.demo.fake_control import FakeControl
from letterbook.demo.noting import write_notes
from letterbook.demo.outbox import fill_outbox
from letterbook.demo.starting import FILLED
from letterbook.demo.templating import write_templates
from letterbook.kit.refusals import NotNow
from letterbook.mailboxes.connecting import finish_connecting
from letterbook.mailboxes.consent import begin_connecting
from letterbook.mailboxes.models import Mailbox, Sharing
from letterbook.teams.joining import found_team
from letterbook.teams.models import Membership, User

# Printed nowhere but in the documentation: a demo listens on this machine only, and holds nothing of anybody's.
PASSWORD = "letterbook demo"  # noqa: S105
_PATIENCE_SECONDS = 60.0


def fill_demo() -> None:
    """Create the team, its people and contacts, and connect their mailboxes; the worker then retrieves them."""
    at = timezone.now()
    members = create_team(at=at)
    owner = next(iter(members.values()))
    create_contacts(owner, at=at)
    write_notes(members, at=at)
    write_templates(owner, at=at)
    wait_for_mailboxes(Path(settings.HOME) / FILLED)
    mailboxes = {
        colleague.person.key: connect(members[colleague.person.key], colleague, at=timezone.now())
        for colleague in agency().colleagues
    }
    with FakeControl(settings.GMAIL_API_URL) as control:
        fill_outbox(owner, mailboxes["priya"], control=control, at=timezone.now())


def create_team(*, at: datetime) -> dict[str, Membership]:
    """Create Halden & Rowe and return its members by their key, the owner first."""
    password = make_password(PASSWORD)
    founder, *others = agency().colleagues
    owner = found_team(_create_user(founder, password), name=agency().name, at=at)
    members = {founder.person.key: owner}
    for colleague in others:
        user = _create_user(colleague, password)
        members[colleague.person.key] = Membership.objects.create(
            team=owner.team, user=user, role=colleague.role
        )
    return members


def create_contacts(member: Membership, *, at: datetime) -> None:
    """Create everyone whom the agency writes with."""
    for company in companies():
        for person in company.people:
            create_contact(
                member,
                name=person.name,
                addresses=[one for one in (person.address, person.other_address) if one],
                job_title=person.title,
                company=person.company,
                phone=person.phone,
                at=at,
            )


def wait_for_mailboxes(filled: Path) -> None:
    """Return once the other process has put the past months into the fake mailboxes."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not filled.exists():
        if time.monotonic() > deadline:
            raise NotNow("The demo's mailboxes were not filled.", way_out="Start it once more.")
        time.sleep(0.1)


def connect(member: Membership, colleague: Colleague, *, at: datetime) -> Mailbox:
    """Connect a colleague's mailbox as they would in a browser, agreeing at the fake Google."""
    session: dict[str, object] = {}
    sharing = Sharing[colleague.sharing.upper()]
    url = begin_connecting(member, session=session, sharing=sharing, at=at)
    agreed = {"auto": "1", "login_hint": colleague.person.address}
    answer = httpx.get(httpx.URL(url).copy_merge_params(agreed), timeout=10)
    back = parse_qs(urlsplit(answer.headers["Location"]).query)
    return finish_connecting(
        member, session=session, state=back["state"][0], code=back["code"][0], at=at
    )


def _create_user(colleague: Colleague, password: str) -> User:
    user = User.objects.create_user(colleague.person.address, name=colleague.person.name)
    user.password = password
    user.time_zone = "Europe/London"
    user.save(update_fields=["password", "time_zone"])
    return user
