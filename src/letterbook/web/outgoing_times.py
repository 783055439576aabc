"""When an outgoing email goes, went, or why not: two short lines beside it in a list."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.utils.timezone import localtime

from letterbook.outgoing.expecting import Expectation
from letterbook.outgoing.models import OutgoingEmail
from letterbook.web.templatetags import times


def moment_of(email: OutgoingEmail) -> datetime:
    """Return the moment an email is listed by: when it went, failed, is due, or was changed."""
    return email.sent_at or email.failed_at or email.due_at or email.updated_at


def is_leaving(email: OutgoingEmail, *, at: datetime) -> bool:
    """Whether a queued email is inside its undo time."""
    if email.queued_at is None or email.due_at is None:
        return False
    undo = timedelta(seconds=settings.UNDO_SECONDS)
    return at < email.due_at <= email.queued_at + undo


def when_of(
    email: OutgoingEmail,
    status: str,
    *,
    is_in_doubt: bool,
    expected: Expectation | None,
    at: datetime,
) -> tuple[str, str]:
    """Return the two lines for an email that is shown with this stamp."""
    moment = moment_of(email)
    match status:
        case "leaving":
            return "", ""
        case "sending":
            return f"Attempt {email.attempt}, under way", ""
        case "waiting_for_mailbox":
            return "Waits for its mailbox", _place(expected)
        case "held":
            return _held(email, expected, at=at)
        case "retrying" if moment > at:
            what = "Gmail is asked" if is_in_doubt else f"Attempt {email.attempt + 1}"
            return f"{what} at {times.time_of_day(moment)}", times.ago(moment, at=at)
        case "queued" if moment > at:
            return day_and_time(moment, at=at), times.ago(moment, at=at)
        case "queued" | "retrying":
            return _in_turn(expected, at=at)
    return times.short_when(moment, at=at), ""


def _held(email: OutgoingEmail, expected: Expectation | None, *, at: datetime) -> tuple[str, str]:
    if email.due_at is None or email.due_at <= at or is_leaving(email, at=at):
        return "Sending is paused", _place(expected)
    return day_and_time(email.due_at, at=at), "once sending is resumed"


def _in_turn(expected: Expectation | None, *, at: datetime) -> tuple[str, str]:
    if expected is None or expected.at is None or expected.at <= at:
        return "Waits for the worker", ""
    return f"About {day_and_time(expected.at, at=at)}", _place(expected)


def _place(expected: Expectation | None) -> str:
    if expected is None:
        return ""
    if expected.position is None:
        return "far back in its queue"
    return f"no. {expected.position:,} in its queue"


def day_and_time(moment: datetime, *, at: datetime) -> str:
    """Return when something will be: Today 14:00, Tomorrow 08:00, Mon 08:00, 12 Oct 08:00."""
    is_today = localtime(moment).date() == localtime(at).date()
    day = "Today" if is_today else times.short_when(moment, at=at)
    return f"{day} {times.time_of_day(moment)}" if ":" not in day else day
