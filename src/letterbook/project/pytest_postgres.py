"""A pytest plugin that gives the tests a real PostgreSQL.

pytest-django reads the settings before any conftest runs, so DATABASE_URL must be set while plugins are loaded:
`addopts = ["-p", "letterbook.project.pytest_postgres"]`.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from letterbook.kit.secrets import new_key
from letterbook.project.embedded_postgres import EmbeddedPostgres, start_embedded_postgres

_server: EmbeddedPostgres | None = None


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    global _server
    folder = Path(tempfile.mkdtemp(prefix="letterbook-tests-"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "letterbook.project.settings")
    os.environ.setdefault("LETTERBOOK_HOME", str(folder))
    os.environ.setdefault("LETTERBOOK_SECRET_KEYS", new_key())
    # The clock of most tests stands still, so that no more would ever come in.
    os.environ.setdefault("LETTERBOOK_GMAIL_UNITS_PER_MINUTE", "0")
    if not os.environ.get("DATABASE_URL"):
        _server = start_embedded_postgres(folder, is_disposable=True)
        os.environ["DATABASE_URL"] = _server.url


def pytest_unconfigure() -> None:
    if _server is not None:
        _server.stop()
