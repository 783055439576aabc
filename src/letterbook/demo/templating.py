"""The templates that the demo's team writes with: two of the team's, one of the owner's own."""

from __future__ import annotations

from datetime import datetime

from letterbook.outgoing.templates import create_template
from letterbook.teams.models import Membership

_HELLO = '<p>Dear {{ contact.first_name | "all" }},</p>'
_TEAMS = (
    (
        "Quote follow-up",
        "Our quote for {{ contact.company }}",
        "<p>I wanted to ask whether our quote reached you, and whether anything in it is unclear.</p>"
        "<p>It holds until the end of the month. A short call is often quicker: tell me when it suits.</p>",
    ),
    (
        "Proofs are ready",
        "Proofs for your approval",
        "<p>the proofs are attached. Please look at these three things before you say yes:</p>"
        "<ul><li>names and dates</li><li>colours, on paper rather than on a screen</li><li>the small print</li></ul>"
        "<p>Once we have your approval, printing takes six working days.</p>",
    ),
)
_OWN = (
    "Introducing myself",
    "Hello from {{ team.name }}",
    "<p>I am {{ me.name }} of {{ team.name }}, and from now on the one to ask about your project.</p>",
)


def write_templates(owner: Membership, *, at: datetime) -> None:
    """Create them as the owner would on the templates page."""
    for name, subject, text in _TEAMS:
        create_template(owner, name=name, subject=subject, html=_HELLO + text, is_team=True, at=at)
    name, subject, text = _OWN
    create_template(owner, name=name, subject=subject, html=_HELLO + text, is_team=False, at=at)
