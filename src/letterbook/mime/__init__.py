"""What an email is (RFC 5322): parsing, composing, addresses, quoting, safe HTML. Pure functions, no Django.

May import `kit`.
"""

from __future__ import annotations
