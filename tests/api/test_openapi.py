"""The published description of the API: it does not change by accident, and the API does what it says."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from factories import a_contact, a_message, a_note
from letterbook.api.urls import api
from letterbook.outgoing.drafts import DraftText, create_draft

SNAPSHOT = Path(__file__).parent / "openapi.json"
PROMISES = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)


def document() -> dict:
    return json.loads(json.dumps(api.get_openapi_schema(path_prefix="/api/v1/"), default=str))


@cache
def described():
    """The description as it is published, read once: reading it takes longer than asking an operation."""
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())


OPERATIONS = sorted(
    operation["operationId"]
    for path in document()["paths"].values()
    for operation in path.values()
    if operation["operationId"] != "stream_events"
)


def test_the_description_is_the_one_that_was_reviewed():
    """A change of the API is a change of openapi.json beside this file, seen in review."""
    assert document() == json.loads(SNAPSHOT.read_text(encoding="utf-8"))


def test_it_is_published_where_it_is_said_to_be(client, db):
    published = client.get("/api/v1/openapi.json")
    assert published.status_code == 200
    assert published.json()["paths"].keys() == document()["paths"].keys()


def test_there_is_no_page_that_loads_scripts_from_elsewhere(client, db):
    assert client.get("/api/v1/docs").status_code == 404


@pytest.fixture
def _one_connection():
    """The test's own transaction is seen by the requests, as with Django's test client."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.usefixtures("_one_connection")
@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_whatever_is_asked_the_answer_is_as_described(operation_id, alice, mailbox, hers, at):
    """Generated requests, half of them about things that exist: never a server error, always a described answer."""
    contact = a_contact(alice)
    message = a_message(mailbox, contact, raw=b"From: a@b.example\r\n\r\nHello")
    existing = {
        "contact_id": contact.pk,
        "mailbox_id": mailbox.pk,
        "message_id": message.pk,
        "thread_id": message.thread_id,
        "activity_id": a_note(alice, contact).pk,
        "email_id": create_draft(alice, mailbox=mailbox, text=DraftText(), at=at).pk,
    }
    operation = described().find_operation_by_id(operation_id)

    @settings(
        max_examples=6,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(), is_about_something=st.booleans())
    def ask(case, is_about_something):
        if is_about_something:
            for name in case.path_parameters:
                case.path_parameters[name] = str(existing.get(name, 0))
        answer = case.call(headers={"Authorization": f"Bearer {hers.token}"})
        case.validate_response(answer, checks=PROMISES)

    ask()
