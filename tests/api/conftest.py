"""Programs that speak to the API with a person's token."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from letterbook.teams.models import Membership
from letterbook.teams.tokens import create_token

ROOT = "/api/v1"


@dataclass
class Program:
    """A program and the token it has, which may be none."""

    token: str

    def get(self, path: str, **query: Any) -> HttpResponse:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return Client().get(ROOT + path, query, headers=headers)

    def ask(self, method: str, path: str, body: Any = None, *, key: str = "") -> HttpResponse:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if key:
            headers["Idempotency-Key"] = key
        content = body if isinstance(body, str) else "" if body is None else json.dumps(body)
        return Client().generic(
            method.upper(), ROOT + path, content, content_type="application/json", headers=headers
        )

    def post(self, path: str, body: Any = None, *, key: str = "") -> HttpResponse:
        return self.ask("POST", path, body, key=key)


@pytest.fixture
def program_of(at):
    """Return a program with a token of this member's."""

    def make(member: Membership) -> Program:
        return Program(create_token(member, name="A program", at=at))

    return make


@pytest.fixture
def hers(alice, program_of) -> Program:
    """alice's program."""
    return program_of(alice)


@pytest.fixture
def his(bob, program_of) -> Program:
    """bob's program: a team-mate's."""
    return program_of(bob)


@pytest.fixture
def strangers(charlie, program_of) -> Program:
    """charlie's program: another team's."""
    return program_of(charlie)
