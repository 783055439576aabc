"""Who is in the demo: the agency's five people, and everyone they write with."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

TEXTS = files("letterbook.demo") / "texts"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who writes email, and how they write it."""

    key: str
    name: str
    address: str
    title: str
    company: str
    phone: str
    hello: str
    bye: str
    style: str = "gmail"  # gmail, outlook, plain, phone: what they write it with
    other_address: str = ""
    quiet_days: int = 0
    is_away: bool = False  # whoever writes to them now gets an automatic answer

    @property
    def first_name(self) -> str:
        return self.name.split()[0]


@dataclass(frozen=True, slots=True)
class Colleague:
    """One of the agency, with how widely their mailbox is shared."""

    person: Person
    role: str
    sharing: str


@dataclass(frozen=True, slots=True)
class Agency:
    name: str
    domain: str
    colleagues: tuple[Colleague, ...]


@dataclass(frozen=True, slots=True)
class Company:
    """Whom the agency works for or buys from. A project is the words that fill a thread's slots."""

    key: str
    name: str
    domain: str
    kind: str
    leads: tuple[str, ...]
    people: tuple[Person, ...]
    projects: tuple[Mapping[str, str], ...]


@cache
def agency() -> Agency:
    """Return Halden & Rowe."""
    read = _read("agency.toml")
    colleagues = tuple(
        Colleague(_person(one, read), role=one["role"], sharing=one["sharing"])
        for one in read["people"]
    )
    return Agency(read["name"], read["domain"], colleagues)


@cache
def companies() -> tuple[Company, ...]:
    """Return the clients and suppliers, each with its people."""
    return tuple(_company(one) for one in _read("companies.toml")["companies"])


@cache
def everyone() -> Mapping[str, Person]:
    """Return all people by their key."""
    ours = [one.person for one in agency().colleagues]
    theirs = [person for company in companies() for person in company.people]
    return {person.key: person for person in (*ours, *theirs)}


@cache
def contacts_by_address() -> Mapping[str, Person]:
    """Return the people outside the agency by each address they use."""
    theirs = [person for company in companies() for person in company.people]
    return {
        address: person
        for person in theirs
        for address in (person.address, person.other_address)
        if address
    }


# Any: what TOML holds.
def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((TEXTS / name).read_text(encoding="utf-8"))


def _company(read: dict[str, Any]) -> Company:
    return Company(
        key=read["key"],
        name=read["name"],
        domain=read["domain"],
        kind=read["kind"],
        leads=tuple(read["leads"]),
        people=tuple(_person(one, read) for one in read["people"]),
        projects=tuple(read["projects"]),
    )


def _person(read: dict[str, Any], employer: dict[str, Any]) -> Person:
    return Person(
        key=read["key"],
        name=read["name"],
        address=f"{read['name'].split()[0].lower()}@{employer['domain']}",
        title=read["title"],
        company=employer["name"],
        phone=employer["phone"],
        hello=read["hello"],
        bye=read["bye"],
        style=read.get("style", "gmail"),
        other_address=read.get("also", ""),
        quiet_days=read.get("quiet", 0),
        is_away=read.get("away", False),
    )
