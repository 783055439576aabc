"""What a page asks over and over (who is in the team, who sees what) is asked once while that page is read."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from letterbook.teams.models import Membership

Whom = ParamSpec("Whom")
Answer = TypeVar("Answer")

# The answers of the page that is being read; None at all other times.
_answers: ContextVar[dict[Hashable, Any] | None] = ContextVar("answers", default=None)


def asked_once(question: Callable[Whom, Answer]) -> Callable[Whom, Answer]:
    """Let the answer to a question about some rows hold as long as one page is read; it is not to be changed."""

    @wraps(question)
    def ask(*whom: Whom.args, **named: Whom.kwargs) -> Answer:
        answers = _answers.get()
        if answers is None:
            return question(*whom, **named)
        eyes = tuple(one.looking_as for one in whom if isinstance(one, Membership))
        # A member who looks as somebody else is, to Django, the same row, and sees less.
        key = question, whom, eyes, tuple(named.items())
        if key not in answers:
            answers[key] = question(*whom, **named)
        answer: Answer = answers[key]
        return answer

    return ask


def remember_answers() -> None:
    """Ask each question only once from now on, until `forget_answers`: for requests that change nothing."""
    _answers.set({})


def forget_answers() -> None:
    """Ask anew each time."""
    _answers.set(None)
