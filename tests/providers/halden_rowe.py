"""The two addresses of these tests."""

from __future__ import annotations

ANN = "ann@haldenrowe.example"
BOB = "bob@haldenrowe.example"
