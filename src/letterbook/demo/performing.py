"""Playing a script: who writes which letter to whom, and when."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from letterbook.demo.cast import Person
from letterbook.demo.enclosures import enclose
from letterbook.demo.letters import Letter
from letterbook.demo.scripts import Beat, Script
from letterbook.demo.signing import signed
from letterbook.demo.wording import Wording, draw_figures
from letterbook.demo.working_hours import LONDON, not_after, not_before


@dataclass(frozen=True, slots=True)
class Performance:
    """A script with its players, its subject matter and the chance that varies it."""

    script: Script
    players: Mapping[str, Person]  # them, also, me, mate
    matter: Mapping[str, str]  # the words of a project
    chance: random.Random

    def begun(self, at: datetime, *, until: datetime) -> list[Letter]:
        """Return the letters from `at` on, those that would come after `until` left out."""
        times: list[datetime] = []
        for beat in self.script.beats:
            wished = (times[-1] if times else at) + beat.after * self.chance.uniform(0.8, 1.3)
            times.append(not_before(wished, self.chance))
        return self._letters([each for each in times if each <= until])

    def ended(self, at: datetime) -> list[Letter]:
        """Return the letters so that the last one comes at `at`."""
        times = [at]
        for beat in reversed(self.script.beats[1:]):
            times.insert(0, not_after(times[0] - beat.after, self.chance))
        return self._letters(times)

    def _letters(self, times: list[datetime]) -> list[Letter]:
        if not times:
            return []
        wording = Wording(self._words(), times[0].astimezone(LONDON).date(), self.chance)
        subject = wording.fill(self.script.subject)
        letters: list[Letter] = []
        for beat, at in zip(self.script.beats, times, strict=False):
            letters.append(self._letter(beat, at, wording, subject=subject, before=letters))
        return letters

    def _words(self) -> dict[str, str]:
        named = {role: person.first_name for role, person in self.players.items()}
        project = {"project": self.matter["name"]} if self.matter else {}
        return {**draw_figures(self.chance), **self.matter, **project, **named}

    def _letter(
        self, beat: Beat, at: datetime, wording: Wording, *, subject: str, before: list[Letter]
    ) -> Letter:
        sender = self.players[beat.role]
        to, cc = self._readers(beat, sender, before)
        words = wording.fill(beat.words)
        return Letter(
            message_id=self._message_id(sender, at),
            at=at,
            sender=sender,
            to=to,
            cc=cc,
            subject=f"Re: {subject}" if before else subject,
            text=words if beat.kind != "letter" else signed(
                words, sender, to=to, number=len(before), is_from_phone=beat.is_from_phone, chance=self.chance
            ),
            answers=next((one for one in reversed(before) if one.kind == "letter"), None),
            enclosures=tuple(
                enclose(kind, wording.fill(name), self.chance) for kind, name in beat.files
            ),
            table=_priced(wording) if beat.has_table else (),
            is_from_phone=beat.is_from_phone,
            kind=beat.kind,
        )  # fmt: skip

    def _readers(
        self, beat: Beat, sender: Person, before: list[Letter]
    ) -> tuple[tuple[Person, ...], tuple[Person, ...]]:
        """To whoever wrote last, with everyone else who is in it as a copy: as people answer all."""
        added = [self.players[role] for role in beat.cc]
        if not before:
            other = "them" if beat.role in {"me", "mate"} else "me"
            return (self.players[other],), tuple(added)
        last = before[-1]
        to = last.to if last.sender == sender else (last.sender,)
        others = [] if beat.is_alone else [one for one in last.people if one != sender]
        copied = dict.fromkeys([*others, *added])
        return to, tuple(one for one in copied if one not in to)

    def _message_id(self, sender: Person, at: datetime) -> str:
        seed = f"{self.chance.random()} {sender.address} {at.isoformat()}"
        digest = hashlib.sha256(seed.encode()).hexdigest()
        domain = sender.address.partition("@")[2]
        return f"{digest[:10]}.{digest[10:24]}@mail.{domain}"


def _priced(wording: Wording) -> tuple[tuple[str, ...], ...]:
    return (
        ("", "Quantity", "Price"),
        (wording.fill("{Pieces}"), wording.fill("{count}"), wording.fill("{sum}")),
        ("Delivery and fitting", "1", wording.fill("{extra}")),
        ("Total before VAT", "", wording.fill("{total}")),
    )
