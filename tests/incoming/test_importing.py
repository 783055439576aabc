"""Archives become history: completely, once, and again after a kill."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection

from deadly import end_at_once, read_dangerously
from letterbook.contacts.models import Contact
from letterbook.correspondence.models import Direction, LedgerState, MailboxMessage, Message, Thread
from letterbook.correspondence.sources import read_source
from letterbook.incoming import importing, parsers
from letterbook.incoming.importing import (
    ImportResult,
    find_or_create_import_mailbox,
    import_archives,
)
from letterbook.incoming.models import RetrievalRun, RunKind
from letterbook.incoming.parsers import parsers_for
from letterbook.kit.refusals import Conflict, Invalid, NotNow
from letterbook.mailboxes.models import Kind, Mailbox, Sharing, StoringPolicy
from letterbook.timeline.models import Activity
from letters import a_letter

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
ENVELOPE = b"From anna@lindwerk.example Mon Nov  2 08:00:05 2026\n"


@pytest.fixture
def box(alice, at) -> Mailbox:
    return find_or_create_import_mailbox(
        alice.team,
        address="alice@haldenrowe.example",
        owner=alice.user,
        sharing=Sharing.FULL,
        at=at,
    )


@pytest.fixture
def bring_in(box, at):
    def go(*paths, creates_contacts=True, **more) -> ImportResult:
        return import_archives(
            paths, mailbox=box, at=at, creates_contacts=creates_contacts, clock=lambda: at, **more
        )

    return go


def mbox(*letters: bytes, envelope: bytes = ENVELOPE) -> bytes:
    return b"".join(envelope + letter.replace(b"\r\n", b"\n") + b"\n" for letter in letters)


def test_an_mbox_becomes_messages_contacts_threads_and_a_history(bring_in, box, tmp_path, at):
    path = tmp_path / "mail.mbox"
    path.write_bytes(
        mbox(
            a_letter(1),
            a_letter(
                2, answers=(1,), sender="alice@haldenrowe.example", to="anna@lindwerk.example"
            ),
            a_letter(3, sender="bo@lindwerk.example"),
        )
    )
    seen = []
    result = bring_in(path, on_progress=lambda done, total: seen.append((done, total)))
    assert result == ImportResult(stored=3, repeated=0, skipped=0, quarantined=0)
    assert Contact.objects.count() == 2
    assert Thread.objects.count() == 2
    assert Activity.objects.count() == 3
    assert set(MailboxMessage.objects.values_list("state", flat=True)) == {LedgerState.STORED}
    ours = Message.objects.get(direction=Direction.OUTGOING)
    assert (ours.message_id, ours.sent_by) == ("2@lindwerk.example", box.owner)
    assert seen[-1] == (path.stat().st_size, path.stat().st_size)
    run = RetrievalRun.objects.get()
    assert (run.kind, run.listed, run.stored, run.ended_at, run.error) == (
        RunKind.IMPORT,
        3,
        3,
        at,
        "",
    )


def test_importing_twice_adds_nothing(bring_in, tmp_path):
    path = tmp_path / "mail.mbox"
    path.write_bytes(mbox(a_letter(1), a_letter(2), a_letter(2)))
    assert bring_in(path) == ImportResult(stored=2, repeated=1, skipped=0, quarantined=0)
    before = Message.objects.count(), MailboxMessage.objects.count(), Activity.objects.count()
    assert bring_in(path, path) == ImportResult(stored=0, repeated=3, skipped=0, quarantined=0)
    assert (
        Message.objects.count(),
        MailboxMessage.objects.count(),
        Activity.objects.count(),
    ) == before


def test_known_contacts_only_leaves_no_stranger_behind_until_they_are_known(
    bring_in, box, tmp_path, make_contact
):
    make_contact("Anna", "anna@lindwerk.example")
    path = tmp_path / "mail.mbox"
    path.write_bytes(mbox(a_letter(1), a_letter(2, sender="x@y.example")))
    assert bring_in(path, creates_contacts=False) == ImportResult(1, 0, 1, 0)
    assert Contact.objects.count() == Message.objects.count() == 1
    make_contact("X", "x@y.example")
    assert bring_in(path, creates_contacts=False) == ImportResult(1, 1, 0, 0)
    box.refresh_from_db()
    assert box.policy == StoringPolicy.KNOWN_CONTACTS


def test_every_kind_of_archive_is_found_in_a_folder(bring_in, tmp_path):
    (tmp_path / "a.mbox.gz").write_bytes(gzip.compress(mbox(a_letter(1))))
    (tmp_path / "one.eml").write_bytes(a_letter(2))
    for folder in ("cur", "new", "tmp"):
        (tmp_path / "Maildir" / folder).mkdir(parents=True)
    (tmp_path / "Maildir" / "cur" / "1762070400.M1.host:2,S").write_bytes(a_letter(3))
    (tmp_path / "Maildir" / "new" / "1762070401.M2.host").write_bytes(a_letter(4))
    (tmp_path / "Maildir" / "tmp" / "1762070402.M3.host").write_bytes(a_letter(5))
    (tmp_path / "notes.txt").write_text("Remember: From here on, nothing.\n")
    (tmp_path / "empty.mbox").write_bytes(b"")
    assert bring_in(tmp_path).stored == 4
    assert bring_in(tmp_path / "one.eml", tmp_path / "Maildir").repeated == 3


def test_lines_that_begin_with_from_are_unquoted_and_do_not_split(bring_in, tmp_path):
    text = "Hello\n\nFrom here it goes on.\n>From now on.\n>>From quoted twice.\n"
    quoted = a_letter(1, text=text.replace("\n>", "\n>>").replace("\n>>>", "\n>>>"))
    path = tmp_path / "mail.mbox"
    path.write_bytes(mbox(quoted, a_letter(2)))
    assert bring_in(path).stored == 2
    source = read_source(Message.objects.get(message_id__startswith="1"))
    assert b"\nFrom here it goes on." in source
    assert b"\n>From now on." in source
    assert b"\n>>From quoted twice." in source


@pytest.mark.parametrize(
    ("content", "matter"),
    [
        (None, "does not exist"),
        (b"", "is empty"),
        (b"\x00\x01 nothing of the kind", "does not look like email"),
        (b"Shopping:\n\nmilk\n", "does not look like email"),
    ],
)
def test_what_is_no_email_is_refused_with_its_path_and_a_way_out(
    bring_in, tmp_path, content, matter
):
    path = tmp_path / "thing"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Invalid, match=matter) as refused:
        bring_in(path)
    assert str(path) in refused.value.message
    assert refused.value.way_out


def test_a_folder_without_email_is_refused(bring_in, tmp_path):
    with pytest.raises(Invalid, match="no email"):
        bring_in(tmp_path)


def test_a_damaged_file_keeps_what_came_before_the_damage(bring_in, tmp_path):
    path = tmp_path / "mail.mbox.gz"
    whole = gzip.compress(mbox(*(a_letter(n, text=os.urandom(3000).hex()) for n in range(900))))
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Invalid, match="damaged"):
        bring_in(path)
    stored = Message.objects.count()
    assert 100 < stored < 900
    assert "damaged" in RetrievalRun.objects.get().error
    path.write_bytes(whole)
    assert bring_in(path).stored == 900 - stored


def test_a_broken_message_is_quarantined_and_counted(bring_in, tmp_path):
    path = tmp_path / "mail.mbox"
    path.write_bytes(mbox(a_letter(1)) + ENVELOPE + b"\0\0\n\n" + mbox(a_letter(2)))
    assert bring_in(path) == ImportResult(stored=2, repeated=0, skipped=0, quarantined=1)


UTC_DAY = datetime(2026, 11, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "date", "envelope", "arrived"),
    [
        # The newest Received header is the first; it beats everything the sender says.
        (
            ("Received: by b; Tue, 3 Nov 2026 10:00:00 +0100", "Received: by a; Sun, 1 Nov 2026 1:00:00 +0000"),
            "Mon, 02 Nov 2026 08:00:00 +0000", ENVELOPE, datetime(2026, 11, 3, 9, tzinfo=UTC),
        ),
        # An mbox a mail server wrote agrees with Date; one that was made later has the day it was made.
        ((), "Mon, 02 Nov 2026 08:00:00 +0000", ENVELOPE, UTC_DAY + timedelta(hours=8, seconds=5)),
        ((), "Mon, 06 Apr 2015 08:00:00 +0000", ENVELOPE, datetime(2015, 4, 6, 8, tzinfo=UTC)),
        ((), "nonsense", ENVELOPE, UTC_DAY + timedelta(hours=8, seconds=5)),
        # Never in the future, never before there was email.
        ((), "Mon, 02 Nov 2099 08:00:00 +0000", ENVELOPE, UTC_DAY + timedelta(hours=8, seconds=5)),
        ((), "Thu, 01 Jan 1970 00:00:00 +0000", ENVELOPE, UTC_DAY + timedelta(hours=8, seconds=5)),
        ((), "nonsense", b"From nobody Mon Nov  2 08:00:05 2099\n", UTC_DAY),
    ],
)  # fmt: skip
def test_an_arrival_time_is_the_best_of_what_is_known(
    bring_in, tmp_path, headers, date, envelope, arrived
):
    raw = a_letter(1, headers=headers).replace(b"Mon, 02 Nov 2026 08:00:00 +0000", date.encode())
    path = tmp_path / "mail.mbox"
    path.write_bytes(mbox(raw, envelope=envelope))
    os.utime(path, (UTC_DAY.timestamp(), UTC_DAY.timestamp()))
    bring_in(path)
    assert Message.objects.get().occurred_at == arrived


def test_mail_that_gmail_showed_already_is_not_stored_twice(
    bring_in, alice, mailbox, gmail, arrive, read, anna, tmp_path, at
):
    arrive(1)
    read(mailbox)
    own = find_or_create_import_mailbox(
        alice.team, address=mailbox.address, owner=alice.user, sharing=Sharing.PRIVATE, at=at
    )
    assert own == mailbox
    (tmp_path / "one.eml").write_bytes(a_letter(1))
    assert import_archives([tmp_path], mailbox=own, at=at, creates_contacts=True).repeated == 1
    assert Message.objects.count() == 1


def test_the_mailbox_of_an_import_is_its_owners(alice, bob, box, at):
    assert (box.kind, box.address_key) == (Kind.IMPORT, "alice@haldenrowe.example")
    again = find_or_create_import_mailbox(
        alice.team,
        address="Alice@Haldenrowe.example",
        owner=alice.user,
        sharing=Sharing.FULL,
        at=at,
    )
    assert again == box
    with pytest.raises(Conflict, match="Alice Halden's mailbox"):
        find_or_create_import_mailbox(
            alice.team, address=box.address, owner=bob.user, sharing=Sharing.FULL, at=at
        )
    with pytest.raises(Invalid, match="no address"):
        find_or_create_import_mailbox(
            alice.team, address="alice", owner=alice.user, sharing=Sharing.FULL, at=at
        )


def test_an_interrupted_import_goes_on_where_it_stopped(bring_in, tmp_path, monkeypatch):
    monkeypatch.setattr("letterbook.incoming.importing._BATCH", 10)
    path = tmp_path / "mail.mbox"
    path.write_bytes(mbox(*(a_letter(n) for n in range(60))))

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bring_in(path, on_progress=stop)
    assert Message.objects.count() == 10
    assert RetrievalRun.objects.get().error == "Interrupted."
    assert bring_in(path) == ImportResult(stored=50, repeated=10, skipped=0, quarantined=0)
    assert Activity.objects.count() == Message.objects.count() == 60


def test_a_message_that_ends_or_stops_the_parser_is_quarantined_and_costs_no_other(
    bring_in, tmp_path, monkeypatch
):
    """S67: neither a death nor an endless loop of the parser is the end of an import."""
    monkeypatch.setattr(importing, "read_sources", read_dangerously)
    monkeypatch.setattr(parsers, "_WORTH_A_PROCESS", 0)
    texts = {3: "This one kills.", 5: "This one takes for ever."}
    file = tmp_path / "box.mbox"
    file.write_bytes(mbox(*(a_letter(number, text=texts.get(number, "")) for number in range(8))))
    told = bring_in(file)
    assert (told.stored, told.quarantined) == (6, 2)
    errors = MailboxMessage.objects.filter(state=LedgerState.QUARANTINED).values_list("error")
    assert sorted(error.partition(":")[0] for (error,) in errors) == [
        "It ended the process that read it.",
        "The parser failed",
    ]


def test_an_import_says_so_when_nothing_can_be_parsed_any_more():
    with (
        parsers_for(parsers._WORTH_A_PROCESS, read=end_at_once) as processes,
        pytest.raises(NotNow, match="import again"),
    ):
        processes.finish(processes.begin([]))


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_an_import_that_is_killed_is_finished_by_the_next(bring_in, box, tmp_path):
    """F1: SIGKILL in the middle; the parsing process does not outlive it, and nothing is half stored."""
    path = tmp_path / "mail.mbox"
    path.write_bytes(mbox(*(a_letter(n, text="word " * 1500) for n in range(1500))))
    command = [sys.executable, "-c", _IMPORT, str(path), str(box.pk)]
    with subprocess.Popen(command, env=_environment(), stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        children = _children_of(process.pid)
        process.send_signal(signal.SIGKILL)
    assert children
    _wait_until_gone(children)
    stored = Message.objects.count()
    assert 0 < stored < 1500
    assert Activity.objects.count() == MailboxMessage.objects.count() == stored
    result = bring_in(path)
    assert (result.stored, result.repeated) == (1500 - stored, stored)
    assert RetrievalRun.objects.filter(error__startswith="Interrupted").count() == 1


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_a_message_of_sixty_megabytes_takes_a_few_times_that(box, tmp_path):
    path = tmp_path / "large.mbox"
    line = b"QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo" * 2 + b"\n"
    body = line * (60 * 1024 * 1024 // len(line))
    head = b"Content-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n"
    path.write_bytes(mbox(head + a_letter(1) + body, a_letter(2)))
    run = subprocess.run(
        [sys.executable, "-c", _IMPORT, str(path), str(box.pk)],
        env=_environment(), stdout=subprocess.PIPE, check=True,
    )  # fmt: skip
    *_, last = run.stdout.splitlines()
    peak = json.loads(last)
    assert Message.objects.count() == 2
    assert max(peak) < 500, f"MB in the storing and in the parsing process: {peak}"


_IMPORT = """
import json, re, resource, sys
from pathlib import Path
import django


def peak_of_this_process():
    # Not ru_maxrss, which begins with what the process that started this one held.
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", status)[1]) // 1024


if __name__ == "__main__":
    django.setup()
    from django.utils.timezone import now
    from letterbook.incoming.importing import import_archives
    from letterbook.mailboxes.models import Mailbox
    import_archives([Path(sys.argv[1])], mailbox=Mailbox.objects.get(pk=sys.argv[2]), at=now(),
        creates_contacts=True, on_progress=lambda done, total: print(done, flush=True))
    parsing = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    print(json.dumps([peak_of_this_process(), parsing]))
"""


def _children_of(pid: int) -> list[int]:
    return [
        int(each.name)
        for each in Path("/proc").glob("[0-9]*")
        if _stat(int(each.name))[1:2] == [str(pid)]
    ]


def _stat(pid: int) -> list[str]:
    """State, parent and so on; nothing when there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _wait_until_gone(pids: list[int]) -> None:
    deadline = time.monotonic() + 20
    while any(_is_alive(pid) for pid in pids):
        assert time.monotonic() < deadline, "a process outlived the import that started it"
        time.sleep(0.05)


def _is_alive(pid: int) -> bool:
    return _stat(pid)[:1] not in ([], ["Z"])


def _environment() -> dict[str, str]:
    """The environment of another process that uses the tests' database."""
    name = connection.settings_dict["NAME"]
    head, _, query = os.environ["DATABASE_URL"].partition("?")
    return os.environ | {"DATABASE_URL": f"{head.rpartition('/')[0]}/{name}?{query}"}


@pytest.mark.corpus
def test_real_lists_are_imported_whole(bring_in):
    path = DATA / "usrp-users.mbox.gz"
    if not path.exists():
        pytest.skip(f"The corpus is not there: {path}")
    began = time.monotonic()
    result = bring_in(path)
    assert (result.stored + result.repeated, result.quarantined) == (3931, 0)
    assert result.stored > 3900
    assert Message.objects.filter(search=None).count() == 0
    assert time.monotonic() - began < 300
