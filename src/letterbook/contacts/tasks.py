"""The worker's door to deletions that nobody called off."""

from __future__ import annotations

from uuid import UUID

from django.db import InterfaceError, OperationalError
from django.utils.timezone import now
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from letterbook.contacts.bulk import delete_chosen

_DATABASE_AWAY = RetryStrategy(
    max_attempts=10, exponential_wait=3, retry_exceptions=[OperationalError, InterfaceError]
)


@app.task(name="delete_chosen_contacts", queue="upkeep", retry=_DATABASE_AWAY)
def delete_chosen_contacts(*, edit_id: str) -> None:
    delete_chosen(UUID(edit_id), at=now())
