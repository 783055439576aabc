from __future__ import annotations

import random
import re
import struct
import zlib

from hypothesis import given
from hypothesis import strategies as st

from letterbook.demo.enclosures import enclose, pdf, png


@given(st.text("abc ()\\é£", max_size=40), st.lists(st.text("xyz()\\", max_size=30), max_size=8))
def test_a_pdf_names_the_place_of_every_object(title, lines):
    content = pdf(title, lines)
    index = int(re.search(rb"startxref\n(\d+)\n%%EOF\n\Z", content)[1])
    assert content[index:].startswith(b"xref\n")
    for number, offset in enumerate(re.findall(rb"(\d{10}) 00000 n", content[index:]), start=1):
        assert content[int(offset) :].startswith(b"%d 0 obj" % number)


def test_a_picture_has_the_size_it_says():
    content = png(random.Random(3))
    width, height = struct.unpack(">II", content[16:24])
    length = struct.unpack(">I", content[33:37])[0]
    pixels = zlib.decompress(content[41 : 41 + length])
    assert len(pixels) == height * (1 + 3 * width)


def test_a_file_is_named_after_what_it_shows():
    made = enclose("pdf", "The owner's handbook v2", random.Random(1))
    assert made.filename == "the-owners-handbook-v2.pdf"
    assert made.content_type == "application/pdf"
