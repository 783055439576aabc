"""An interface comes to rows through `visible_to` and its kin, and every row of a team has such a gate."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from django.apps import apps
from django.db.models import Model

from reading_code import modules

GATES = {"visible_to", "readable_by", "writable_by", "sendable_by"}

# Where an interface asks for rows without a gate, and why that shows nobody what is not theirs.
WITHOUT_A_GATE = {
    ("api/forgetting.py", "IdempotencyKey"): "forgets by age and shows nobody anything",
    ("api/insights.py", "Membership"): "the viewer's own team-mates, whom everybody in it sees",
    ("api/team.py", "Membership"): "the viewer's own team-mates, whom everybody in it sees",
    ("web/accounts.py", "User"): "asks only whether there is anybody yet",
    ("web/demo.py", "Membership"): "the sample team, before anybody is signed in",
    ("web/once.py", "Session"): "locks the visitor's own session",
    (
        "web/outgoing_rows.py",
        "FrozenEmail",
    ): "only inside a query of emails that came through the gate",
    (
        "web/pages/live.py",
        "Session",
    ): "the listener's own session, asked again: signing out ends the stream",
    ("web/pages/live.py", "Membership"): "the listener's own membership, asked again",
    ("web/pages/audit.py", "Membership"): "the viewer's own team-mates, whom everybody in it sees",
    ("web/pages/team.py", "Membership"): "the viewer's own team-mates, whom everybody in it sees",
}
# Rows of a team that no interface asks for by themselves, and how they are reached.
REACHED_THROUGH_OTHERS = {
    "Membership": "is the viewer itself",
    "Grant": "secret: only opening a mailbox reads it",
    "ThreadKey": "only threading reads it",
    "MessageSource": "through its message, at the level of full",
    "LaterFact": "through both its emails: correspondence/later_facts.py",
    "UnplacedReport": "only placing late reports reads it",
    "QuarantinedSource": "through its mailbox's ledger, by its owner",
    "Pace": "only sending reads it",
    "Allowance": "only those who ask Gmail read it",
    "Recipient": "through its email",
    "OutgoingAttachment": "through its email",
    "Regarding": "through its email",
    "StatusChange": "through its email",
    "DeliveryAttempt": "through its email",
    "FrozenEmail": "through its email",
    "FailureNotice": "one's own, through telling",
}


def _questions() -> Iterator[tuple[str, str, str]]:
    """Each `Model.objects.method` in an interface, as (file, model, method)."""
    for name, tree in modules("api", "web"):
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Attribute)
                and node.value.attr in {"objects", "_default_manager", "_base_manager"}
            ):
                yield name, ast.unparse(node.value.value), node.attr


def test_interfaces_come_to_rows_through_a_gate():
    questions = list(_questions())
    assert len(questions) > 30, "the rule no longer finds what it is about"
    strays = {
        (file, model) for file, model, method in questions if method not in GATES | {"as_manager"}
    }
    assert strays - WITHOUT_A_GATE.keys() == set()
    assert WITHOUT_A_GATE.keys() - strays == set(), "these no longer need to be listed"


def test_interfaces_write_no_sql():
    writing = [
        name
        for name, tree in modules("api", "web")
        for node in ast.walk(tree)
        if (isinstance(node, ast.ImportFrom) and node.module == "django.db")
        and {"connection", "connections"} & {one.name for one in node.names}
    ]
    assert writing == []


def test_every_row_of_a_team_has_a_gate_or_is_reached_through_one():
    ours = {
        model.__name__: model
        for model in apps.get_models()
        if model.__module__.startswith("letterbook.") and _has_team(model)
    }
    without = {name for name, model in ours.items() if not hasattr(model.objects, "visible_to")}
    assert without - REACHED_THROUGH_OTHERS.keys() == set()
    assert REACHED_THROUGH_OTHERS.keys() - without == set(), "these no longer need to be listed"


def _has_team(model: type[Model]) -> bool:
    return any(field.name == "team" for field in model._meta.get_fields())
