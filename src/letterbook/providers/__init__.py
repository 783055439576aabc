"""The only place that knows Google exists: what any mail provider offers, and its errors. No Django here.

May import `kit` and `mime`.
"""

from __future__ import annotations
