"""Files of email: which there are under some paths, and the messages in them one after the other."""

from __future__ import annotations

import gzip
import os
import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from letterbook.incoming.mbox import Readable, split_mbox
from letterbook.kit.refusals import Invalid

_WAY_OUT = "Give an mbox file (also .gz), a maildir, an .eml file, or a folder of them."
_BEGINS_LIKE_MAIL = re.compile(rb"\s*[!-9;-~]+[ \t]*:")
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Archive:
    """One file: an mbox, or a single message."""

    path: Path
    is_mbox: bool
    size: int
    changed_at: float


@dataclass(frozen=True, slots=True)
class Found:
    """One message of an archive; `position` is how far its file, as it lies on the disk, was read."""

    raw: bytes
    envelope: str
    position: int


def find_archives(paths: Iterable[Path]) -> list[Archive]:
    """Return every archive under these paths, each once; raise `Invalid` for what is missing, unreadable or no mail."""
    found: dict[Path, Archive] = {}
    for path in paths:
        archives = list(_archives_under(Path(path)))
        if not archives:
            raise Invalid(f"There is no email in {path}.", way_out=_WAY_OUT, field="paths")
        found |= {archive.path.resolve(): archive for archive in archives}
    return list(found.values())


def read_archive(archive: Archive) -> Iterator[Found]:
    """Return the messages of an archive in order; raise `Invalid` where the file breaks off or is damaged."""
    with _refusing(archive.path), archive.path.open("rb") as file:
        stream: Readable = file
        if _is_gzip(archive.path):
            stream = gzip.GzipFile(fileobj=file)
        if not archive.is_mbox:
            yield Found(stream.read(-1), "", archive.size)
            return
        for message in split_mbox(stream):
            yield Found(message.raw, message.envelope, file.tell())


def _archives_under(path: Path) -> Iterator[Archive]:
    with _refusing(path):
        if not path.exists():
            raise Invalid(f"{path} does not exist.", way_out=_WAY_OUT, field="paths")
        if not path.is_dir():
            yield _the_archive(path)
            return
        for folder, subfolders, names in os.walk(path, onerror=_raise):
            subfolders.sort()
            here = Path(folder)
            if _is_in_maildir(here):
                yield from (_archive(here / name, is_mbox=False) for name in sorted(names))
            elif here.name != "tmp" or not _is_maildir(here.parent):
                candidates = (_recognise(here / name) for name in sorted(names))
                yield from (archive for archive in candidates if archive is not None)


def _the_archive(path: Path) -> Archive:
    archive = _recognise(path)
    if archive is None:
        what = "is empty" if not path.stat().st_size else "does not look like email"
        raise Invalid(f"{path} {what}.", way_out=_WAY_OUT, field="paths")
    return archive


def _recognise(path: Path) -> Archive | None:
    """An archive by its first bytes, whatever its name; in a folder, what is none is passed over."""
    if not path.is_file() or path.name.startswith("."):
        return None
    with path.open("rb") as file:
        stream: Readable = gzip.GzipFile(fileobj=file) if _is_gzip(path) else file
        head = stream.read(4096).removeprefix(b"\xef\xbb\xbf")
    if head.lstrip().startswith(b"From "):
        return _archive(path, is_mbox=True)
    if _BEGINS_LIKE_MAIL.match(head) and (path.suffix.lower() == ".eml" or _has_mail_headers(head)):
        return _archive(path, is_mbox=False)
    return None


def _has_mail_headers(head: bytes) -> bool:
    names = re.findall(rb"^([!-9;-~]+)[ \t]*:", head, re.MULTILINE)
    return not {b"from", b"received", b"return-path", b"message-id"}.isdisjoint(
        name.lower() for name in names
    )


def _archive(path: Path, *, is_mbox: bool) -> Archive:
    stat = path.stat()
    return Archive(path, is_mbox, stat.st_size, stat.st_mtime)


def _is_in_maildir(folder: Path) -> bool:
    return folder.name in {"cur", "new"} and _is_maildir(folder.parent)


def _is_maildir(folder: Path) -> bool:
    return (folder / "cur").is_dir() and (folder / "new").is_dir()


def _is_gzip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == _GZIP


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise Invalid(
            f"{path} is damaged: {error}.",
            way_out="What came before the damage is imported. Get an undamaged copy and import it again.",
            field="paths",
        ) from error
    except OSError as error:
        raise Invalid(
            f"{error.filename or path} cannot be read: {error.strerror or error}.",
            way_out="Check its permissions, and that it is still there.",
            field="paths",
        ) from error


def _raise(error: OSError) -> None:
    raise error
