"""The worker's door to what was deleted long ago."""

from __future__ import annotations

from django.utils.timezone import now
from procrastinate.contrib.django import app

from letterbook.timeline import deleting


@app.periodic(cron="41 3 * * *")  # type: ignore[arg-type]  # given by keyword
@app.task(name="forget_deleted", queue="upkeep", queueing_lock="forget_deleted")
def forget_deleted(*, timestamp: int) -> None:  # noqa: ARG001 - every periodic task is given its tick
    deleting.forget_deleted(at=now())
