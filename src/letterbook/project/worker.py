"""The worker: takes jobs from PostgreSQL, takes over those of dead workers, and outlives the database's restarts."""

from __future__ import annotations

import asyncio
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import structlog
from django.conf import settings
from django.db import connection
from procrastinate import jobs
from procrastinate.app import App
from procrastinate.contrib.django import app
from procrastinate.exceptions import ConnectorException

from letterbook.kit.stopping import ask_to_stop
from letterbook.outgoing.scheduling import QUEUE as OUTGOING

_log = structlog.get_logger(__name__)
MOST_ATTEMPTS = 10
_LONGEST_WAIT_SECONDS = 30.0
# Who worked for so long has got over the last time; the waits begin anew.
_SETTLED_SECONDS = 60.0
# Beside the jobs there is what asyncio does in threads of its own.
_SPARE_THREADS = 4


def run_worker(*, concurrency: int, lanes: int) -> None:
    """Run until SIGTERM or SIGINT, which let running jobs finish; raises when the database cannot be reached at all."""
    asyncio.run(_run(concurrency, lanes))


async def _run(concurrency: int, lanes: int) -> None:
    loop = asyncio.get_running_loop()
    # asyncio's own default is six threads on two cores, whatever was asked for.
    loop.set_default_executor(ThreadPoolExecutor(concurrency + lanes + _SPARE_THREADS))
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _stop, stop)
    await _work(stop, concurrency, lanes, is_first=True)
    losses = 0
    while not stop.is_set():
        wait = min(_LONGEST_WAIT_SECONDS, 2.0**losses)
        _log.error("worker lost the database", begins_again_in_seconds=wait)
        await _wait(stop, seconds=wait)
        began = time.monotonic()
        await _work(stop, concurrency, lanes, is_first=False)
        losses = losses + 1 if time.monotonic() < began + _SETTLED_SECONDS else 0


def _stop(stop: asyncio.Event) -> None:
    ask_to_stop()
    stop.set()


async def _wait(stop: asyncio.Event, *, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return


async def _work(stop: asyncio.Event, concurrency: int, lanes: int, *, is_first: bool) -> None:
    """Work until asked to stop or until the database goes away; whoever never had it is told by an error."""
    if stop.is_set():
        return
    # What the pool holds was opened before the restart, and fails whoever takes it.
    connection.close_pool()  # type: ignore[attr-defined]  # of PostgreSQL's backend
    with_worker_connection = app.replace_connector(app.connector.get_worker_connector())  # type: ignore[attr-defined]
    try:
        with with_worker_connection as worker_app:
            async with worker_app.open_async():
                is_first = False
                await _take_jobs(worker_app, stop, concurrency, lanes)
    except (ConnectorException, OSError) as error:
        if is_first:
            raise
        _log.warning("the database does not answer", reason=str(error.__cause__ or error))


async def _take_jobs(worker_app: App, stop: asyncio.Event, concurrency: int, lanes: int) -> None:
    """Take jobs of every kind, and beside them more of those that mostly wait for Gmail."""
    ends = [
        asyncio.create_task(stop.wait()),
        asyncio.create_task(_recover_repeatedly(worker_app, settings.WORKER_STALLED_SECONDS)),
        asyncio.create_task(_take(worker_app, None, concurrency)),
        asyncio.create_task(_take(worker_app, [OUTGOING], lanes)),
    ]
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    for end in ends:
        end.cancel()
    outcomes = await asyncio.gather(*ends, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome


async def _take(worker_app: App, queues: list[str] | None, concurrency: int) -> None:
    stalled_after = settings.WORKER_STALLED_SECONDS
    await worker_app.run_worker_async(
        queues=queues,  # type: ignore[arg-type]  # None is every queue, says its documentation
        concurrency=concurrency,
        delete_jobs="successful",
        install_signal_handlers=False,
        shutdown_graceful_timeout=settings.PROVIDER_TIMEOUT_SECONDS,
        fetch_job_polling_interval=1.0,
        update_heartbeat_interval=stalled_after / 3,
        stalled_worker_timeout=stalled_after,
    )


async def _recover_repeatedly(worker_app: App, stalled_after: float) -> None:
    while True:
        try:
            await recover_stalled_jobs(worker_app, stalled_after)
        except Exception:  # noqa: BLE001 - the edge: the database may be away for a moment; the next round asks again
            _log.warning("stalled jobs could not be looked for")
        await asyncio.sleep(stalled_after / 2)


async def recover_stalled_jobs(worker_app: App, stalled_after: float) -> int:
    """Give the jobs of workers that no longer beat to the others; return how many.

    Every job of ours may run again at any time: what it does is decided by rows, not by the job. One that has taken
    its worker down `MOST_ATTEMPTS` times is ended instead, so that it cannot block the rest for ever.
    """
    stalled = list(
        await worker_app.job_manager.get_stalled_jobs(seconds_since_heartbeat=stalled_after)
    )
    for job in stalled:
        try:
            await _give_back(worker_app, job)
        except ConnectorException as error:
            # Another worker was quicker, or the database went away: the others are not kept waiting for this one.
            _log.warning("stalled job could not be given back", job=job.id, reason=str(error))
    return len(stalled)


async def _give_back(worker_app: App, job: jobs.Job) -> None:
    if job.attempts >= MOST_ATTEMPTS:
        _log.error("job ended after too many attempts", task=job.task_name, attempts=job.attempts)
        await worker_app.job_manager.finish_job(job, jobs.Status.FAILED, delete_job=False)
        return
    if job.queueing_lock:
        # Only one may wait: whoever asked for the same since would keep this one, whose attempts count, from coming
        # back, and this one's lock would keep theirs from being taken, for ever.
        await worker_app.connector.execute_query_async(_DROP_TWIN, queueing_lock=job.queueing_lock)
    await worker_app.job_manager.retry_job(job)


_DROP_TWIN = """
    DELETE FROM procrastinate_jobs WHERE status = 'todo' AND queueing_lock = %(queueing_lock)s
"""
