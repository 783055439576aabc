"""The largest and the oddest emails: what reading them costs is bounded in time and memory."""

from __future__ import annotations

import base64
import subprocess
import sys
import time

import pytest

from letterbook.mime.parsing import parse_message, read_attachment

HEAD = b"From: ann@example.com\nMIME-Version: 1.0\n"
MIXED = HEAD + b"Content-Type: multipart/mixed; boundary=x\n\n"
FILE = b"--x\nContent-Type: application/pdf\nContent-Transfer-Encoding: base64\n\n"

# Each makes `raw`. They are built in a process of their own, whose memory is measured.
LARGE = {
    "fifty megabytes attached": "MIXED + FILE + base64.encodebytes(bytes(50_000_000)) + b'\\n--x--\\n'",
    "fifty megabytes of text": "HEAD + b'\\n' + b'> quoted words\\nown words\\n' * 2_000_000",
    "twenty-five megabytes of HTML": "HEAD + b'Content-Type: text/html\\n\\n'"
    " + b'<div><p>some <b>words</b></div>' * 800_000",
    "ten thousand parts": "MIXED + b'--x\\nContent-Type: text/plain\\n\\npart\\n' * 10_000 + b'--x--\\n'",
    "ten thousand files": "MIXED + (FILE + b'JVBERg==\\n') * 10_000 + b'--x--\\n'",
    "a megabyte in each of four headers": "HEAD + b'Subject: ' + b'x' * 1_000_000"
    " + b'\\nTo: ' + b'a@b.example, ' * 77_000"
    " + b'\\nReferences: ' + b'<a@b> ' * 170_000 + b'\\nCc: ' + b'=?utf-8?q?=C3=A9?= ' * 52_000 + b'\\n\\nx'",
    "a hundred and fifty thousand headers": "HEAD + b'X-A: b\\n' * 150_000 + b'\\nx'",
}
MEASURE = """
import base64, resource, sys, time
from letterbook.mime.parsing import parse_message
from test_limits import FILE, HEAD, MIXED
raw = {raw}
built = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
started = time.process_time()
parse_message(raw)
print(time.process_time() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - built, len(raw))
"""


@pytest.mark.parametrize("name", LARGE)
def test_reading_the_largest_costs_a_few_seconds_and_a_few_times_its_size(name):
    """S39, B1, B14: measured in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE.format(raw=LARGE[name])],
        capture_output=True, text=True, check=True, cwd=__file__.rpartition("/")[0],
    )  # fmt: skip
    seconds, kilobytes, size = map(float, done.stdout.split())
    assert seconds < 4
    assert kilobytes * 1024 < 30_000_000 + 5 * size


def test_a_file_of_fifty_megabytes_is_given_back_whole():
    content = bytes(range(256)) * 200_000
    raw = MIXED + FILE + base64.encodebytes(content) + b"\n--x--\n"
    (file,) = parse_message(raw).attachments
    started = time.process_time()
    assert read_attachment(raw, file.number).content == content
    assert time.process_time() - started < 2


def test_the_digest_of_an_endless_text_is_that_of_its_letters():
    """Read piece by piece, wherever white space falls."""
    words = "one two\nthree " * 20_000
    assert (
        parse_message(HEAD + b"\n" + words.encode()).digest
        == parse_message(HEAD + b"\n" + words.replace(" ", "\n ").encode()).digest
    )
