"""What machines ask: is it alive, is it ready, how is it doing."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

_FIGURES = {
    "letterbook_outgoing_emails": (
        "Outgoing emails by status.",
        ["status"],
        "SELECT status, count(*) FROM outgoing_outgoingemail WHERE discarded_at IS NULL GROUP BY status",
    ),
    "letterbook_outgoing_late_seconds": (
        "For how long the oldest due email has been waiting for a worker.",
        [],
        "SELECT coalesce(extract(epoch FROM now() - min(due_at)), 0) FROM outgoing_outgoingemail "
        "WHERE status = 'queued' AND due_at < now()",
    ),
    "letterbook_messages_waiting": (
        "Messages that were listed and not yet decided on.",
        [],
        "SELECT count(*) FROM correspondence_mailboxmessage WHERE state = 'waiting'",
    ),
    "letterbook_messages_quarantined": (
        "Messages that could not be read.",
        [],
        "SELECT count(*) FROM correspondence_mailboxmessage WHERE state = 'quarantined'",
    ),
    "letterbook_mailboxes": (
        "Mailboxes by state.",
        ["state"],
        "SELECT state, count(*) FROM mailboxes_mailbox GROUP BY state",
    ),
    "letterbook_workers_alive": (
        "Workers that reported in the last minute.",
        [],
        "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - interval '1 minute'",
    ),
}


def live(_request: HttpRequest) -> HttpResponse:
    """Answer that this process runs."""
    return HttpResponse("ok\n", content_type="text/plain")


def ready(_request: HttpRequest) -> JsonResponse:
    """Answer 200 when the database answers, 503 with the reason when it does not."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return JsonResponse({"ready": False, "reason": "The database does not answer."}, status=503)
    return JsonResponse({"ready": True})


def metrics(request: HttpRequest) -> HttpResponse:
    """Answer Prometheus' question with counts, to this machine or to the holder of LETTERBOOK_METRICS_TOKEN."""
    if not _may_read_metrics(request):
        raise Http404
    registry = CollectorRegistry()
    with connection.cursor() as cursor:
        for name, (words, labels, sql) in _FIGURES.items():
            gauge = Gauge(name, words, labels, registry=registry)
            cursor.execute(sql)
            for *label_values, value in cursor.fetchall():
                (gauge.labels(*label_values) if labels else gauge).set(float(value))
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _may_read_metrics(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return secrets.compare_digest(
            given.encode(errors="replace"), settings.METRICS_TOKEN.encode()
        )
    # A proxy on this machine also comes from loopback, but says for whom.
    return (
        request.META.get("REMOTE_ADDR") in {"127.0.0.1", "::1"}
        and "X-Forwarded-For" not in request.headers
    )
