"""A program of its own: reads a PDF file from its input, and writes how many pages it has, or one of them as a PNG.

It runs with nothing of ours in its environment, little memory and little time: what a file does to the library that
reads it ends here.

    python -m letterbook.correspondence.draw_pdf count|NUMBER
"""

from __future__ import annotations

import struct
import sys
import zlib
from contextlib import suppress

import pypdfium2

MOST_SECONDS = 15
_MOST_MEMORY = 1024**3
# Pixels across: sharp on a page that is half as wide.
_WIDTH = 1400
_TALLEST = 4000


def main(asked: str) -> None:
    """Answer on standard output."""
    _bound()
    document = pypdfium2.PdfDocument(sys.stdin.buffer.read())
    if asked == "count":
        sys.stdout.write(str(len(document)))
        return
    page = document[int(asked)]
    width, height = page.get_size()
    scale = min(_WIDTH / max(width, 1), _TALLEST / max(height, 1))
    picture = page.render(scale=scale, rev_byteorder=True, may_draw_forms=False)
    sys.stdout.buffer.write(_png(picture))


def _bound() -> None:
    with suppress(ImportError):
        import resource  # noqa: PLC0415 - Unix only

        # macOS knows the limit of memory and refuses to set it.
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _png(picture: pypdfium2.PdfBitmap) -> bytes:
    """Return red, green and blue of each pixel as a PNG, lines unfiltered (ISO/IEC 15948)."""
    colour = {1: 0, 3: 2, 4: 6}[picture.n_channels]
    used = picture.width * picture.n_channels
    pixels = bytes(picture.buffer)
    lines = b"".join(
        b"\0" + pixels[start : start + used]
        for start in range(0, picture.stride * picture.height, picture.stride)
    )
    header = struct.pack(">IIBBBBB", picture.width, picture.height, 8, colour, 0, 0, 0)
    chunks = (b"IHDR", header), (b"IDAT", zlib.compress(lines, 6)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*one) for one in chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    checked = name + content
    return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))


if __name__ == "__main__":
    main(sys.argv[1])
