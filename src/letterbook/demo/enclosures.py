"""Small real files for letters: a PDF, a picture, a table."""

from __future__ import annotations

import csv
import io
import random
import re
import struct
import zlib

from letterbook.demo.letters import Enclosure

_WIDTH, _HEIGHT = 120, 80


def enclose(kind: str, name: str, chance: random.Random) -> Enclosure:
    """Return a file of this kind (pdf, png, csv) under a name made from `name`."""
    filename = f"{_plain(name)}.{kind}"
    if kind == "pdf":
        return Enclosure(filename, "application/pdf", pdf(name, _lines(chance)))
    if kind == "png":
        return Enclosure(filename, "image/png", png(chance))
    return Enclosure(filename, "text/csv", table(chance))


def pdf(title: str, lines: list[str]) -> bytes:
    """Return a PDF of one page."""
    shown = [f"BT /F1 20 Tf 60 770 Td ({_escaped(title)}) Tj ET"]
    shown += [
        f"BT /F1 11 Tf 60 {730 - 18 * row} Td ({_escaped(line)}) Tj ET"
        for row, line in enumerate(lines)
    ]
    page = "\n".join([*shown, "60 755 475 1 re f"]).encode("cp1252", "replace")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(page), page),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    return _assembled(objects)


def _assembled(objects: list[bytes]) -> bytes:
    written = b"%PDF-1.4\n"
    offsets = []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    count = len(objects) + 1
    index = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return (
        written
        + b"xref\n0 %d\n0000000000 65535 f \n%s" % (count, index)
        + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (count, len(written))
    )


def png(chance: random.Random) -> bytes:
    """Return a picture of a few broad stripes, as a proof might look from far away."""
    colours = [bytes(chance.randrange(60, 240) for _ in range(3)) for _ in range(5)]
    rows = [
        b"\0" + b"".join(colours[(x // 24 + y // 40) % 5] for x in range(_WIDTH))
        for y in range(_HEIGHT)
    ]
    head = struct.pack(">IIBBBBB", _WIDTH, _HEIGHT, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    check = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)


def table(chance: random.Random) -> bytes:
    """Return a CSV file of sizes and counts."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["Ref", "Width mm", "Height mm", "Count", "Note"])
    for row in range(1, chance.randrange(6, 15)):
        note = chance.choice(["", "", "check on site", "as agreed", "landscape", "two languages"])
        sizes = [chance.randrange(20, 120) * 10, chance.randrange(10, 90) * 10]
        writer.writerow([f"P{row:02}", *sizes, chance.randrange(1, 8), note])
    return text.getvalue().encode()


def _lines(chance: random.Random) -> list[str]:
    remarks = [
        "Halden & Rowe, for discussion",
        f"Scale 1:{chance.choice([1, 5, 10, 20])}   Sheet {chance.randrange(1, 6)} of 6",
        "All measurements in millimetres. Check on site before cutting.",
        "Colours on screen are not the colours in print.",
        f"Trim {chance.randrange(100, 420)} x {chance.randrange(100, 594)}, bleed 3",
        "Please mark changes on this sheet and return it.",
    ]
    return remarks[: chance.randrange(3, 7)]


def _plain(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name.replace("'", "")).strip("-").lower()


def _escaped(text: str) -> str:
    return re.sub(r"([()\\])", r"\\\1", text)
