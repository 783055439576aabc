"""What machines ask."""

from __future__ import annotations

import pytest


@pytest.mark.django_db
def test_it_says_that_it_is_alive_and_ready(client):
    assert client.get("/health/live").content == b"ok\n"
    assert client.get("/health/ready").json() == {"ready": True}


@pytest.mark.django_db
def test_metrics_count_what_matters(client, mailbox):
    text = client.get("/metrics").content.decode()
    assert 'letterbook_mailboxes{state="connected"} 1.0' in text
    assert "letterbook_messages_waiting 0.0" in text
    assert "letterbook_outgoing_late_seconds 0.0" in text


@pytest.mark.django_db
def test_metrics_are_for_this_machine_unless_a_token_is_set(client, settings):
    assert client.get("/metrics", REMOTE_ADDR="203.0.113.7").status_code == 404
    assert client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.7"}).status_code == 404
    settings.METRICS_TOKEN = "secret"
    assert client.get("/metrics").status_code == 404
    asked = client.get(
        "/metrics", headers={"Authorization": "Bearer secret"}, REMOTE_ADDR="203.0.113.7"
    )
    assert asked.status_code == 200
