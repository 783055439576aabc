"""A person at their browser, without the browser."""

from __future__ import annotations

import html

from django.http import HttpResponse
from django.test import Client

from letterbook.teams.models import Membership


def as_member(member: Membership) -> Client:
    """A browser in which this person is signed in and acts in this team."""
    client = Client()
    client.force_login(member.user)
    session = client.session
    session["team_id"] = str(member.team_id)
    session.save()
    return client


def words(response: HttpResponse) -> str:
    """What stands on a page, with its quotes and apostrophes as people read them."""
    return html.unescape(response.content.decode())
