"""A job is a door of a few lines; a folder says what it is for; periodic work stands on one page."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from reading_code import PACKAGE, ROOT, decorators, functions, modules

TASKS = [
    (name, function)
    for name, tree in modules()
    for function in functions(tree)
    if "app.task" in decorators(function)
]
FOLDERS = sorted({path.parent for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts})


def test_the_jobs_are_found():
    assert {"retrieve_mailbox", "deliver_mailbox", "import_upload"} <= {
        function.name for _, function in TASKS
    }


@pytest.mark.parametrize(("name", "function"), TASKS, ids=[one.name for _, one in TASKS])
def test_a_job_is_at_most_six_lines_and_takes_only_keywords(
    name: str, function: ast.FunctionDef | ast.AsyncFunctionDef
):
    body = function.body
    assert (body[-1].end_lineno or 0) - body[0].lineno + 1 <= 6
    positional = [one.arg for one in function.args.posonlyargs + function.args.args]
    assert positional in ([], ["context"])
    assert not function.args.vararg
    assert not function.args.kwarg


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_folder_says_in_five_lines_what_it_is_for(folder: Path):
    tree = ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))
    said = ast.get_docstring(tree)
    assert said
    assert len(said.splitlines()) <= 5


def test_periodic_work_stands_on_one_page():
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    section = page.partition("## Periodic work")[2].partition("\n## ")[0]
    written = set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))
    real = {function.name for _, function in TASKS if "app.periodic" in decorators(function)}
    assert real
    assert written == real
