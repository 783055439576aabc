"""Which conversations the agency had in the past eight months, with whom, and when."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from letterbook.demo.cast import Company, Person, agency, companies, everyone
from letterbook.demo.letters import Letter
from letterbook.demo.performing import Performance
from letterbook.demo.scripts import Script, read_scripts

SEASON = timedelta(days=240)
# What is newer than this is told by the scripts that say when they end.
_SETTLED = timedelta(hours=30)
_THREADS_A_PROJECT, _ORDERS_A_PROJECT = 4, 3
_MANY, _FEW = 200, 100


def write_letters(*, at: datetime, seed: int) -> list[Letter]:
    """Return every letter of the past months in order: the same ones for the same seed and time."""
    season = _Season(at, random.Random(seed))  # noqa: S311 - the point is that it can be repeated
    threads = [*season.threads_of_projects(), *season.threads_played_once()]
    letters = [letter for thread in threads for letter in thread]
    return sorted(letters, key=lambda letter: (letter.at, letter.message_id))


@dataclass
class _Season:
    at: datetime
    chance: random.Random
    times_played: Counter[str] = field(default_factory=Counter)

    def threads_played_once(self) -> Iterator[list[Letter]]:
        for script in read_scripts():
            if not script.suits:
                players = {role: everyone()[key] for role, key in script.cast.items()}
                yield Performance(script, players, {}, self.chance).ended(
                    self.at - (script.ends or _SETTLED)
                )

    def threads_of_projects(self) -> Iterator[list[Letter]]:
        for company in companies():
            played: set[str] = set()
            for number, project in enumerate(company.projects):
                chosen = self._choose(company, project, without=played)
                if company.kind == "client":
                    played.update(script.subject for script in chosen)
                for step, script in enumerate(chosen):
                    place = number + (step + self.chance.uniform(0, 0.9)) / len(chosen)
                    begins = self.at - SEASON * (1 - place / len(company.projects))
                    yield self._perform(script, company, project, begins=begins)

    def _choose(
        self, company: Company, project: Mapping[str, str], *, without: set[str]
    ) -> list[Script]:
        """Return the scripts of a project in the order of its life, the least played ones."""
        fitting = [
            script
            for script in read_scripts()
            if script.subject not in without and _suits(script, company, project)
        ]
        self.chance.shuffle(fitting)
        fitting.sort(key=lambda script: self.times_played[script.subject])
        is_client = company.kind == "client"
        chosen = fitting[: _THREADS_A_PROJECT if is_client else _ORDERS_A_PROJECT]
        self.times_played.update(script.subject for script in chosen)
        return sorted(chosen, key=lambda script: script.stage)

    def _perform(
        self, script: Script, company: Company, project: Mapping[str, str], *, begins: datetime
    ) -> list[Letter]:
        players = self._cast(company, begins)
        players |= {role: everyone()[key] for role, key in script.cast.items()}
        silent_days = max(players[role].quiet_days for role in ("them", "also"))
        until = self.at - max(_SETTLED, timedelta(days=silent_days))
        letters = Performance(script, players, project, self.chance).begun(begins, until=until)
        return _with_last_word(letters, {players["me"], players["mate"]})

    def _cast(self, company: Company, begins: datetime) -> dict[str, Person]:
        """Choose who plays, leaving out those who have not been heard of for longer than that."""
        days_ago = (self.at - begins).days
        heard = [one for one in company.people if one.quiet_days < days_ago - 14]
        heard = heard or list(company.people)
        them = self.chance.choice([*heard, heard[0], heard[0]])
        others = [one for one in heard if one != them] or [them]
        ours = [one.person for one in agency().colleagues]
        me = everyone()[self.chance.choice([*company.leads, company.leads[0]])]
        mates = [one for one in ours if one != me]
        return {
            "them": them,
            "also": self.chance.choice(others),
            "me": me,
            "mate": self.chance.choice(mates),
        }


def _suits(script: Script, company: Company, project: Mapping[str, str]) -> bool:
    count = int(project["count"].replace(",", ""))
    has = {"many"} if count >= _MANY else {"fitting"} if count < _FEW else set()
    is_meant = bool(script.suits & {company.kind, company.key})
    needs_two = any(beat.role == "also" or "also" in beat.cc for beat in script.beats)
    return is_meant and script.needs <= has and (len(company.people) > 1 or not needs_two)


def _with_last_word(letters: list[Letter], ours: set[Person]) -> list[Letter]:
    """Leave out the end of a conversation that was cut short, so that nobody waits for us in the past."""
    while letters and letters[-1].sender not in ours:
        letters = letters[:-1]
    return letters
