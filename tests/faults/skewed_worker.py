"""A worker whose host's clock is wrong by the seconds that are named first on its command line."""

from __future__ import annotations

import os
import sys
import time
from datetime import UTC, datetime, timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "letterbook.project.settings")
django.setup()

from django.utils import timezone  # noqa: E402 - needs Django to have started

if __name__ == "__main__":
    skew = float(sys.argv.pop(1))
    real = time.time
    time.time = lambda: real() + skew
    timezone.now = lambda: datetime.now(UTC) + timedelta(seconds=skew)

    from letterbook.__main__ import main  # reads the clock by these names from here on

    main()
