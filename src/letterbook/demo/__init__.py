"""The sample team on the fake Gmail: its people, eight months of their email, and a world that goes on.

May import everything above `cli`; nothing but `cli` may import it.
"""

from __future__ import annotations
