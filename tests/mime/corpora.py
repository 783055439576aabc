"""The real email beside the project, a sample of it, for tests that are skipped where it is absent."""

from __future__ import annotations

import gzip
import re
import tarfile
from itertools import islice
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[3] / "shared" / "data"


def mbox_sample(name: str, *, every: int, most: int = 600) -> list[bytes]:
    path = FOLDER / f"{name}.mbox.gz"
    if not path.exists():
        pytest.skip(f"{path.name} is not beside the project (../shared/data)")
    with gzip.open(path) as mbox:
        # The beginning is enough for a sample, and reading it all takes seconds.
        content = mbox.read(25_000_000)
    messages = re.split(rb"(?:\A|\n)From [^\n]*\n", content)[1:-1]
    return [
        re.sub(rb"(?m)^>(>*From )", rb"\1", raw) for raw in islice(messages, 0, every * most, every)
    ]


def archived(name: str) -> list[tuple[str, bytes]]:
    path = FOLDER / f"{name}.tar.gz"
    if not path.exists():
        pytest.skip(f"{path.name} is not beside the project (../shared/data)")
    with tarfile.open(path) as archive:
        files = [member for member in archive.getmembers() if member.isfile()]
        return [(member.name, archive.extractfile(member).read()) for member in files]
