"""Expected noes: safe to show to the person who asked, each with what to do next.

Refused
├── NotFound      no such thing, or not for you: the two are never told apart   (HTTP 404)
├── NotAllowed    you may see it but not do this                                 (HTTP 403)
├── Conflict      it has changed, or is not in a state that allows this          (HTTP 409)
├── Invalid       what you gave cannot be used; names the field                  (HTTP 422)
└── NotNow        nothing is wrong with the request, but not at this moment      (HTTP 503)
"""

from __future__ import annotations


class Refused(Exception):
    """An expected no. `message` says what is the matter, `way_out` what to do next, `field` which input it is about."""

    def __init__(self, message: str, *, way_out: str = "", field: str = "", code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.way_out = way_out
        self.field = field
        self.code = code or type(self).__name__

    def __str__(self) -> str:
        return f"{self.message} {self.way_out}".strip()


class NotFound(Refused):
    """There is no such thing for this person."""


class NotAllowed(Refused):
    """This person may not do that."""


class Conflict(Refused):
    """The thing is in a state that does not allow this, or somebody else changed it first."""


class Invalid(Refused):
    """The input cannot be used as it is."""


class NotNow(Refused):
    """Right, but not at this moment: something it needs is limited, paused or out of reach."""
