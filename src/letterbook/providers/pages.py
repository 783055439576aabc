"""Reading a list to its end, page after page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from letterbook.providers.errors import TryLater
from letterbook.providers.mail import HistoryPage, MessagePage

SomePage = TypeVar("SomePage", MessagePage, HistoryPage)


def all_pages(ask: Callable[[str], SomePage]) -> Iterator[SomePage]:
    """Yield every page from the first on; `ask` is given each page's name, "" for the first.

    Raises `TryLater` where a page names one as the next that was read already: it would be read for ever.
    """
    seen = {""}
    page = ""
    while True:
        answer = ask(page)
        yield answer
        page = answer.next_page
        if not page:
            return
        if page in seen:
            raise going_round(page)
        seen.add(page)


def going_round(page: str) -> TryLater:
    """Return what to say where page `page` is named as the next once more."""
    return TryLater("Gmail gave the same page twice.", evidence=f"a page named again: {page[:80]}")
