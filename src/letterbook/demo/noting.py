"""Notes, calls and meetings in the contacts' histories."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import datetime

from letterbook.contacts.models import Contact
from letterbook.demo.cast import TEXTS, everyone
from letterbook.demo.scripts import duration
from letterbook.teams.models import Membership
from letterbook.timeline.keeping import write_activity


def write_notes(members: Mapping[str, Membership], *, at: datetime) -> None:
    """Write what the team noted about its contacts, each by whoever noted it."""
    read = tomllib.loads((TEXTS / "notes.toml").read_text(encoding="utf-8"))
    contacts = {contact.name: contact for contact in Contact.objects.visible_to(members["priya"])}
    for note in read["notes"]:
        write_activity(
            members[note["author"]],
            contacts[everyone()[note["contact"]].name],
            type=note["type"],
            text=note["text"],
            at=at,
            occurred_at=at - duration(note["ago"]),
        )
