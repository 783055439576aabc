"""Importing files of email into a mailbox: repeatable without duplicates, and resumable after a kill.

A message of a file is known by the hash of its source. What is stored already is passed over before it is parsed;
the rest is parsed in processes of its own while this one stores.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from hashlib import blake2b
from pathlib import Path

from django.db.models import F
from django.utils import timezone

from letterbook.contacts.matching import match_contacts
from letterbook.correspondence.models import OF_A_FILE, LedgerState, MailboxMessage
from letterbook.incoming.ahead import in_a_thread
from letterbook.incoming.archives import Archive, find_archives, read_archive
from letterbook.incoming.files_read import FileRead, FilesRead, files_of
from letterbook.incoming.models import RetrievalRun, RunKind
from letterbook.incoming.parsers import Job, Parsers, parsers_for
from letterbook.incoming.reading import ReadSource, Source, read_sources
from letterbook.incoming.storing import Reading, store_readings
from letterbook.kit.refusals import Conflict, Invalid
from letterbook.mailboxes.models import Kind, Mailbox, Sharing, StoringPolicy
from letterbook.mime.addresses import Address, BadAddress, check_address
from letterbook.providers.mail import ProviderMessage
from letterbook.teams.models import Team, User

OnProgress = Callable[[int, int], None]
_BATCH = 1000
_BATCH_BYTES = 8 * 1024 * 1024
# How much is parsed ahead of what is being stored: enough to keep both busy, and no more memory.
_AHEAD = 2
_AHEAD_BYTES = 24 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What became of the messages of an import; `repeated` ones were stored already. `files` tells it of each file."""

    stored: int
    repeated: int
    skipped: int
    quarantined: int
    files: tuple[FileRead, ...] = field(default=(), compare=False)


@dataclass(slots=True)
class _Batch:
    """Some messages that are not stored yet, and how many bytes of all files were read up to here.

    `names` are all of its messages, those that are stored already too, each with the name of its file.
    """

    sources: list[Source] = field(default_factory=list)
    names: list[tuple[str, str]] = field(default_factory=list)
    size: int = 0
    position: int = 0


def import_archives(
    paths: Iterable[Path],
    *,
    mailbox: Mailbox,
    at: datetime,
    creates_contacts: bool,
    on_progress: OnProgress = lambda _done, _total: None,
    name_of: Callable[[Path], str] = str,
    clock: Callable[[], datetime] = timezone.now,
) -> ImportResult:
    """Store the email in these files as the mailbox's and return what became of it.

    `on_progress` is told how many bytes of how many were read; `name_of` says how people know a file. Raises `Invalid`
    for a path with no email in it, and where a file turns out to be damaged; what was read before is stored.
    """
    given = [Path(path) for path in paths]
    archives = find_archives(given)
    names = [name_of(_as_known(archive, given)) for archive in archives]
    total = sum(archive.size for archive in archives)
    # For this import only: the mailbox's own policy is its owner's business.
    mailbox.policy = StoringPolicy.EVERYONE if creates_contacts else StoringPolicy.KNOWN_CONTACTS
    if mailbox.kind == Kind.IMPORT:
        # Where it has no other, this one holds for what could not be read now, and is read again some day.
        Mailbox.objects.filter(pk=mailbox.pk).update(policy=mailbox.policy)
    run, files = _begin(mailbox, at=at), FilesRead()
    try:
        with parsers_for(total, read=partial(read_sources, at=at)) as parsers:
            for batch, readings in _read_ahead(
                parsers, in_a_thread(_batches(archives, names)), mailbox, run
            ):
                decided = store_readings(mailbox, readings, run=run, at=at)
                if decided.skipped or decided.quarantined:
                    files.count(mailbox, batch.names)
                else:
                    files.count_stored(batch.names)
                on_progress(batch.position, total)
    except BaseException as error:
        _end(run, files, at=clock(), error=str(error) or "Interrupted.")
        raise
    return _end(run, files, at=clock(), error="")


def _as_known(archive: Archive, given: Sequence[Path]) -> Path:
    """The file or, of many files with one message each, their folder."""
    is_told_of = archive.is_mbox or archive.path in given
    return archive.path if is_told_of else archive.path.parent


def find_or_create_import_mailbox(
    team: Team, *, address: str, owner: User, sharing: Sharing, at: datetime
) -> Mailbox:
    """Return the mailbox that imported mail of this address belongs to: the owner's own of that address, or a new one.

    Raises `Invalid` for what is no address and `Conflict` when the mailbox is somebody else's.
    """
    try:
        checked = check_address(address)
    except BadAddress as error:
        raise Invalid(f"{address!r} is no address: {error}", field="mailbox") from error
    if not Mailbox.objects.filter(team=team, address_key=checked.key).exists():
        _check_is_nobody_elses(team, checked, owner=owner)
    mailbox, _ = Mailbox.objects.get_or_create(
        team=team,
        address_key=checked.key,
        defaults={
            "owner": owner,
            "kind": Kind.IMPORT,
            "address": checked.email,
            "sharing": sharing,
            "connected_at": at,
        },
    )
    if mailbox.owner_id != owner.pk:
        raise Conflict(
            f"{mailbox.address} is {mailbox.owner}'s mailbox.",
            way_out=f"Import it as {mailbox.owner}, or under another address.",
        )
    return mailbox


def _check_is_nobody_elses(team: Team, address: Address, *, owner: User) -> None:
    """Refuse an address that is another's: what comes from it would count as written by `owner` from then on."""
    if match_contacts(team.pk, [address.key]):
        raise Conflict(
            f"{address.email} is the address of one of the team's contacts.",
            way_out="Import it under the address of your own that the mail came to.",
            field="mailbox",
        )
    others = team.memberships.exclude(user=owner).select_related("user")
    other = others.filter(user__email__iexact=address.email).first()
    if other is not None:
        raise Conflict(
            f"{address.email} is {other.user}'s address.",
            way_out=f"Import it as {other.user}, or under another address.",
            field="mailbox",
        )


def _begin(mailbox: Mailbox, *, at: datetime) -> RetrievalRun:
    RetrievalRun.objects.filter(mailbox=mailbox, kind=RunKind.IMPORT, ended_at=None).update(
        ended_at=at, error="Interrupted. The next import went on from there."
    )
    return RetrievalRun.objects.create(
        mailbox=mailbox, team_id=mailbox.team_id, kind=RunKind.IMPORT, started_at=at
    )


def _end(run: RetrievalRun, files: FilesRead, *, at: datetime, error: str) -> ImportResult:
    ended = {"ended_at": at, "error": error, "files": files.as_json()}
    RetrievalRun.objects.filter(pk=run.pk).update(**ended)
    run.refresh_from_db()
    told = tuple(files_of(run.files))
    return ImportResult(run.stored, run.repeated, run.skipped, run.quarantined, told)


def _batches(archives: Sequence[Archive], names: Sequence[str]) -> Iterator[_Batch]:
    batch, before = _Batch(), 0
    try:
        for archive, name in zip(archives, names, strict=True):
            for source, position in _sources(archive):
                batch.sources.append(source)
                batch.names.append((source.provider_id, name))
                batch.size += len(source.raw)
                batch.position = before + position
                if len(batch.sources) >= _BATCH or batch.size >= _BATCH_BYTES:
                    yield batch
                    batch = _Batch()
            before += archive.size
    except Invalid:
        # The file is damaged here; what came before is as good as any.
        yield batch
        raise
    yield batch


def _sources(archive: Archive) -> Iterator[tuple[Source, int]]:
    file_at = datetime.fromtimestamp(archive.changed_at, tz=UTC)
    for found in read_archive(archive):
        digest = blake2b(found.raw, digest_size=32).hexdigest()
        yield Source(f"{OF_A_FILE}{digest}", found.raw, found.envelope, file_at), found.position


def _read_ahead(
    parsers: Parsers, batches: Iterable[_Batch], mailbox: Mailbox, run: RetrievalRun
) -> Iterator[tuple[_Batch, list[Reading]]]:
    """Return each batch read, in order, while the next ones are already being parsed."""
    under_way: deque[tuple[_Batch, Job]] = deque()
    damage: Invalid | None = None
    try:
        for batch in batches:
            _leave_out_known(mailbox, batch, run)
            under_way.append((batch, parsers.begin(batch.sources)))
            while len(under_way) > _AHEAD or sum(each.size for each, _ in under_way) > _AHEAD_BYTES:
                yield _finished(parsers, *under_way.popleft())
    except Invalid as error:
        damage = error
    while under_way:
        yield _finished(parsers, *under_way.popleft())
    if damage:
        raise damage


def _leave_out_known(mailbox: Mailbox, batch: _Batch, run: RetrievalRun) -> None:
    """Pass over what is stored. What was skipped is decided again: its people may be contacts by now."""
    ids = [source.provider_id for source in batch.sources]
    held = MailboxMessage.objects.filter(
        mailbox=mailbox, provider_id__in=ids, state=LedgerState.STORED
    )
    known = set(held.values_list("provider_id", flat=True))
    RetrievalRun.objects.filter(pk=run.pk).update(
        listed=F("listed") + len(ids),
        repeated=F("repeated") + sum(each in known for each in ids),
    )
    batch.sources = [source for source in batch.sources if source.provider_id not in known]


def _finished(parsers: Parsers, batch: _Batch, job: Job) -> tuple[_Batch, list[Reading]]:
    read = parsers.finish(job)
    readings = [_reading(source, one) for source, one in zip(batch.sources, read, strict=True)]
    return batch, readings


def _reading(source: Source, read: ReadSource) -> Reading:
    message = ProviderMessage(
        id=source.provider_id,
        thread_id="",
        labels=frozenset(),
        received_at=read.received_at,
        raw=source.raw,
    )
    return Reading(message, read.content, error=read.error, is_from_file=True)
