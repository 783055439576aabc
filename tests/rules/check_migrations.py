"""`make check`: the models and the migrations agree. Needs a database, so it starts a disposable one."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from letterbook.project.embedded_postgres import start_embedded_postgres


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="letterbook-check-") as folder:
        os.environ["LETTERBOOK_HOME"] = folder
        os.environ["DJANGO_SETTINGS_MODULE"] = "letterbook.project.settings"
        postgres = start_embedded_postgres(Path(folder), is_disposable=True)
        os.environ["DATABASE_URL"] = postgres.url
        import django  # noqa: PLC0415 - the settings read DATABASE_URL when they are loaded
        from django.core.management import call_command  # noqa: PLC0415

        django.setup()
        try:
            call_command("makemigrations", check=True, dry_run=True, skip_checks=True, verbosity=1)
        except SystemExit as error:
            return int(error.code or 0)
        finally:
            postgres.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
