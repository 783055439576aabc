"""A program that got no answer asks again: a POST acts once per Idempotency-Key, or it is said why it need not."""

from __future__ import annotations

import ast

import pytest

from letterbook.api.urls import api
from reading_code import decorators, functions, modules

# What may be asked for twice without a key, and why that does no harm.
NEEDS_NO_KEY = {
    "post_retrieval": "a retrieval that waits already will do",
    "post_coverage": "a check that is under way will do",
    "post_restoration": "what is back is deleted no more",
    "post_replay": "what was read and stored is in the quarantine no more",
    "quarantine.post_replays": "what was read and stored is in the quarantine no more",
    "failures.post_retries": "what is queued is no failure any more, and what may have been sent is never among them",
}
POSTS = [
    (name.removeprefix("api/").removesuffix(".py"), function)
    for name, tree in modules("api")
    for function in functions(tree)
    if "router.post" in decorators(function)
]


def acts_once(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    called = {ast.unparse(one.func) for one in ast.walk(function) if isinstance(one, ast.Call)}
    return bool(called & {"once", "act_once"})


@pytest.mark.parametrize(("module", "function"), POSTS, ids=[f"{m}.{f.name}" for m, f in POSTS])
def test_a_post_acts_once_per_key_or_says_why_it_need_not(module, function):
    """G6."""
    is_listed = bool({function.name, f"{module}.{function.name}"} & NEEDS_NO_KEY.keys())
    assert acts_once(function) != is_listed


def test_the_posts_are_found():
    described = [path for path in api.get_openapi_schema()["paths"].values() if "post" in path]
    assert len(POSTS) == len(described)


def test_two_shapes_never_have_one_name():
    """The description has one place for a name: the second would take the first one's."""
    names = [
        node.name
        for _, tree in modules("api")
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    ]
    assert sorted(names) == sorted(set(names))
