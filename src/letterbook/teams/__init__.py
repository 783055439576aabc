"""People, teams, memberships, invitations, API tokens, the audit log, live events. May import `kit`."""

from __future__ import annotations
