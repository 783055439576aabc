"""`serve`, `web`, `worker`, `fake-gmail`: the commands that run."""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
import time
from typing import Annotated

import typer
from django.core.handlers.asgi import ASGIHandler
from django.core.management import call_command
from django.urls import get_resolver

from letterbook.cli.printing import err, out
from letterbook.cli.starting import start_django
from letterbook.kit.children import Children
from letterbook.project.embedded_postgres import EmbeddedPostgres
from letterbook.project.postgres_watch import PostgresWatch

Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)]

_NEW_OBJECTS = 1_000


class PortInUse(Exception):
    """Somebody already listens there."""


def add_to(app: typer.Typer) -> None:
    """Register these commands."""
    app.command()(serve)
    app.command()(web)
    app.command()(worker)
    app.command("fake-gmail")(fake_gmail)


def serve(
    host: Host = "127.0.0.1",
    port: Port = 8025,
    demo: Annotated[
        bool, typer.Option("--demo", help="A sample team on a Gmail inside Letterbook.")
    ] = False,
) -> None:
    """Run everything: database, pages, API and worker, until Ctrl-C."""
    # From the first moment on: what was started is stopped in order, also when we are told to end while starting.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    check_port(host, port)
    os.environ.setdefault("LETTERBOOK_BASE_URL", f"http://{host}:{port}")
    children = Children()
    postgres: EmbeddedPostgres | None = None
    try:
        if demo:
            # Importing the demo only when asked for keeps `serve` quick; it sets the environment before Django loads.
            from letterbook.demo.starting import prepare_demo

            prepare_demo(children)
        postgres = start_django()
        call_command("migrate", verbosity=0)
        if demo:
            from letterbook.demo.filling import fill_demo

            fill_demo()
        children.start("web", [*_this_command(), "web", "--host", host, "--port", str(port)])
        children.start("worker", [*_this_command(), "worker"])
        _wait_until_answering(host, port)
        out.print(f"[bold]Letterbook is open at http://{host}:{port}[/]  (Ctrl-C stops it)")
        children.supervise(besides=PostgresWatch(postgres).look if postgres else None)
    finally:
        children.stop()
        if postgres is not None:
            postgres.stop()


def web(host: Host = "127.0.0.1", port: Port = 8025) -> None:
    """Run the pages and the API only."""
    check_port(host, port)
    start_django()
    import uvicorn

    uvicorn.run(
        load_pages(),
        host=host,
        port=port,
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        # Open event streams never end by themselves.
        timeout_graceful_shutdown=3,
    )


def load_pages() -> ASGIHandler:
    """Return the pages with all of their code loaded, which is there to stay.

    Python's search for rubbish passes over it from then on: through all of it, it took a tenth of the CPU, and made
    one page in twenty wait for it.
    """
    from letterbook.project.asgi import application

    get_resolver().url_patterns  # noqa: B018 - loads every page
    gc.collect()
    gc.freeze()
    # Little and often: what a hundred pages left behind is 30 ms at once, and somebody's page waits for it.
    gc.set_threshold(_NEW_OBJECTS, *gc.get_threshold()[1:])
    return application


def worker(
    concurrency: Annotated[int, typer.Option(help="Jobs at a time.", min=1, max=64)] = 8,
    lanes: Annotated[
        int, typer.Option(help="Emails on their way at a time, besides.", min=1, max=256)
    ] = 40,
) -> None:
    """Run the worker only: sends, retrieves, imports."""
    start_django()
    from letterbook.project.worker import run_worker

    run_worker(concurrency=concurrency, lanes=lanes)


def fake_gmail(
    port: Port = 8026,
    seed: Annotated[int, typer.Option(help="Same seed, same ids.")] = 1,
) -> None:
    """Run a Gmail in miniature on this machine, for tests and for trying things out."""
    check_port("127.0.0.1", port)
    from letterbook.providers.fake_gmail.server import run

    err.print(f"A fake Gmail answers at http://127.0.0.1:{port}")
    run(port=port, seed=seed)


def check_port(host: str, port: int) -> None:
    """Raise `PortInUse` when nothing of ours could listen there."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortInUse(f"Cannot listen on {host}:{port}: {error.strerror}.") from error


def _this_command() -> list[str]:
    return [sys.executable, "-m", "letterbook"]


def _wait_until_answering(host: str, port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            if probe.connect_ex((host, port)) == 0:
                return
        time.sleep(0.1)
