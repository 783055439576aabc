"""An open mailbox, and what one email after another need not ask it again."""

from __future__ import annotations

from letterbook.providers.mail import MailProvider


class Line:
    """A provider that several emails are handed to, one after the other."""

    def __init__(self, provider: MailProvider) -> None:
        self.provider = provider
        self._cursor = ""

    def cursor_before(self) -> str:
        """Return a point in the mailbox's history that everything from now on lies after."""
        if not self._cursor:
            self._cursor = self.provider.read_profile().history_cursor
        return self._cursor
