"""The worker's door to telling who must know that their mail was opened."""

from __future__ import annotations

from smtplib import SMTPException
from uuid import UUID

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from letterbook.correspondence.sharing import glass_notice

# Three hours altogether; on the page of today it stands from the first moment.
_MAIL_AWAY = RetryStrategy(
    max_attempts=10, exponential_wait=3, retry_exceptions=[SMTPException, OSError]
)


@app.task(name="tell_of_broken_glass", queue="upkeep", retry=_MAIL_AWAY)
def tell_of_broken_glass(*, admission_id: str) -> None:
    glass_notice.tell_of_broken_glass(UUID(admission_id))
