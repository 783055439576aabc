"""A worker with a planted bug, named first on its command line. The tests of retrieving must notice each one."""

from __future__ import annotations

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "letterbook.project.settings")
django.setup()

from letterbook.__main__ import main  # noqa: E402 - both need Django to have started
from letterbook.incoming import listing  # noqa: E402


def cursor_before_rows(mailbox, provider, run, *, at):
    """Moves the cursor in one transaction and writes the rows in another."""
    page = ""
    since = mailbox.history_cursor
    while True:
        answer = provider.list_history(since=since, page=page)
        listing._update(mailbox, history_cursor=answer.cursor)
        listing._count_listed(run, listing.note_changes(mailbox, answer.changes, at=at))
        page = answer.next_page
        if not page:
            return


def shrugs_at_404(mailbox, run, profile, **_about):
    """Goes on from today's cursor without asking what it missed."""
    listing._update(mailbox, history_cursor=profile.history_cursor, listing_page=None)


def begins_no_check(_mailbox, **_about):
    """Leaves out the comparison that would find by itself what was missed."""


BUGS = {
    "cursor-before-rows": {"_read_history": cursor_before_rows},
    "shrugs-at-404": {"_begin_listing": shrugs_at_404, "begin_check": begins_no_check},
}

if __name__ == "__main__":
    for name, careless in BUGS[sys.argv.pop(1)].items():
        setattr(listing, name, careless)
    main()
