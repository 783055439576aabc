"""The worker's door to letting old pictures go."""

from __future__ import annotations

from django.utils.timezone import now
from procrastinate.contrib.django import app

from letterbook.pictures import keeping


@app.periodic(cron="53 3 * * *")  # type: ignore[arg-type]  # given by keyword
@app.task(name="let_old_pictures_go", queue="upkeep", queueing_lock="let_old_pictures_go")
def let_old_pictures_go(*, timestamp: int) -> None:  # noqa: ARG001 - every periodic task is given its tick
    keeping.let_old_pictures_go(at=now())
