"""The `letterbook` command: each subcommand calls one function and prints what came of it."""

from __future__ import annotations
