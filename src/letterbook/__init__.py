"""Letterbook: the email memory of a team."""

from __future__ import annotations
