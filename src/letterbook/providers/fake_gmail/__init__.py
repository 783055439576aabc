"""Gmail in miniature for tests and the demo: OAuth, mailboxes, delivery between them, quotas, faults.

`world.FakeGmail` is everything; `in_process` and `server` are the two ways to talk to it.
May import `providers.gmail` (to hand out a ready client), never the other way round.
"""

from __future__ import annotations
