"""The package as syntax trees, for the house rules."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "letterbook"


def modules(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    """Each module under these folders of the package (all of it when none is given), migrations left out."""
    for folder in folders or (".",):
        for path in sorted((PACKAGE / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                name = path.relative_to(PACKAGE).as_posix()
                yield name, ast.parse(path.read_text(encoding="utf-8"), filename=name)


def decorators(function: ast.FunctionDef | ast.AsyncFunctionDef) -> dict[str, ast.Call]:
    """The calls a function is decorated with, by what is called: `app.task`."""
    calls = (one for one in function.decorator_list if isinstance(one, ast.Call))
    return {ast.unparse(call.func): call for call in calls}


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function of a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def names_in_web(*patterns: str) -> set[str]:
    """What the patterns' groups find in the pages' code and templates."""
    files = [one for one in (PACKAGE / "web").rglob("*") if one.suffix in {".py", ".html"}]
    texts = [one.read_text(encoding="utf-8") for one in files]
    return {name for text in texts for pattern in patterns for name in re.findall(pattern, text)}
