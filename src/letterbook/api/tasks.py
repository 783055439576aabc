"""The worker's door to what the API leaves behind."""

from __future__ import annotations

from django.utils.timezone import now
from procrastinate.contrib.django import app

from letterbook.api import forgetting


@app.periodic(cron="23 * * * *")  # type: ignore[arg-type]  # given by keyword
@app.task(name="forget_old_keys", queue="upkeep", queueing_lock="forget_old_keys")
def forget_old_keys(*, timestamp: int) -> None:  # noqa: ARG001 - every periodic task is given its tick
    forgetting.forget_old_keys(at=now())
