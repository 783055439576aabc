"""The whole story of one outgoing email, oldest first, in plain words: the same for page, API and command line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from letterbook.outgoing.chaining import flaws_of_history
from letterbook.outgoing.expecting import Expectation, expectations_for
from letterbook.outgoing.models import OutgoingEmail
from letterbook.outgoing.story_endings import facts_of, resolutions_of
from letterbook.outgoing.story_lines import Called, StoryLine, attempts_of, changes_of
from letterbook.teams.models import Membership, display_name

_MANY_QUESTIONS = 3


@dataclass(frozen=True, slots=True)
class Story:
    """What happened, what to expect next while it is queued, and whether the log is as it was written."""

    lines: tuple[StoryLine, ...]
    expectation: Expectation | None
    flaws: tuple[str, ...]
    log_length: int

    @property
    def is_verified(self) -> bool:
        """Whether every line of the log follows from the one before it."""
        return not self.flaws


def tell_story(
    email: OutgoingEmail, *, member: Membership, at: datetime, called: Called = display_name
) -> Story:
    """Return the story of an email that came from `visible_to`, as far as this member may know it.

    `called` says how people are named.
    """
    changes = changes_of(email, called=called)
    endings = [*resolutions_of(email, called=called), *facts_of(email, member=member)]
    # An error that the change of status tells right below is not told twice.
    attempts = attempts_of(email, told={line.text for line in changes})
    # What an attempt brought about stands behind it, also where both have the same time.
    lines = sorted([*attempts, *changes, *endings], key=lambda line: line.at)
    return Story(
        lines=tuple(_fold_questions(lines)),
        expectation=expectations_for([email], at=at).get(email.pk),
        flaws=flaws_of_history(email),
        log_length=len(changes),
    )


def _fold_questions(lines: list[StoryLine]) -> list[StoryLine]:
    """A question that was asked again and again with the same answer is told twice: first, and how often since."""
    folded: list[StoryLine] = []
    for (kind, _), found in groupby(lines, key=lambda line: (line.kind, line.text)):
        same = list(found)
        if kind == "asked" and len(same) >= _MANY_QUESTIONS:
            last, more = same[-1], len(same) - 1
            title = f"Attempts {same[1].attempt} to {last.attempt}"
            same = [same[0], replace(last, title=title, text=f"Asked {more} more times: the same.")]
        folded += same
    return folded
