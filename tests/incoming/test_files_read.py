"""Of every imported file it is told how many of its emails were left out, and why."""

from __future__ import annotations

import pytest

from letterbook.incoming import files_read
from letterbook.incoming.explaining import explain
from letterbook.incoming.files_read import FileRead, files_of
from letterbook.incoming.importing import find_or_create_import_mailbox, import_archives
from letterbook.incoming.models import RetrievalRun
from letterbook.incoming.ruling import add_rule
from letterbook.kit.refusals import Invalid
from letterbook.mailboxes.models import Mailbox, RuleKind, Sharing
from letters import a_letter

STRANGER = "Carla <carla@elsewhere.example>"
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
def bring_in(box, anna, tmp_path, at):
    """Import these files, of known contacts only, and return what is told of each."""

    def go(**files: bytes) -> list[FileRead]:
        for name, content in files.items():
            (tmp_path / f"{name}.mbox").write_bytes(content)
        paths = [tmp_path / f"{name}.mbox" for name in files]
        import_archives(
            paths,
            mailbox=box,
            at=at,
            creates_contacts=False,
            name_of=lambda path: path.name,
            clock=lambda: at,
        )
        return files_of(RetrievalRun.objects.latest("id").files)

    return go


def mbox(*letters: bytes) -> bytes:
    return b"\n".join(ENVELOPE + letter for letter in letters) + b"\n"


def test_why_emails_of_a_file_are_left_out_is_told_by_file(alice, bring_in, at):
    """S42: as many as were left out, each for its reason, and only of the file that has them."""
    add_rule(alice, mailbox=None, kind=RuleKind.DOMAIN, text="leftout.example", at=at)
    first, second = bring_in(
        first=mbox(a_letter(1), a_letter(2, sender=STRANGER), a_letter(3, sender=STRANGER)),
        second=mbox(a_letter(4), a_letter(5, sender="x@leftout.example")),
    )
    assert first == FileRead("first.mbox", 3, {"no_contact": 2})
    assert first.why == "2 left out: nobody on it is a contact"
    assert second == FileRead("second.mbox", 2, {"rule": 1})


def test_what_is_there_already_counts_as_read(bring_in):
    """S40: the second import of a file tells the same of it."""
    whole = mbox(a_letter(1), a_letter(2, sender=STRANGER))
    assert (
        bring_in(one=whole) == bring_in(one=whole) == [FileRead("one.mbox", 2, {"no_contact": 1})]
    )


def test_unreadable_ones_are_told_beside(bring_in, monkeypatch):
    def fail(_raw: bytes) -> None:
        raise RuntimeError("no such charset")

    monkeypatch.setattr("letterbook.incoming.reading.parse_message", fail)
    [file] = bring_in(one=mbox(a_letter(1)))
    assert (file.quarantined, file.is_whole) == (1, False)
    assert file.why == "1 unreadable, in quarantine"


def test_many_single_emails_are_told_as_their_folder(box, anna, tmp_path, at):
    """A maildir of a hundred thousand is one line, not as many."""
    for number in range(3):
        (tmp_path / f"{number}.eml").write_bytes(a_letter(number, sender=STRANGER))
    result = import_archives([tmp_path], mailbox=box, at=at, creates_contacts=False)
    assert result.files == (FileRead(str(tmp_path), 3, {"no_contact": 3}),)


def test_of_more_files_than_people_read_the_rest_is_one(bring_in, monkeypatch):
    monkeypatch.setattr(files_read, "_MOST", 2)
    files = bring_in(**{f"file{number}": mbox(a_letter(number)) for number in range(4)})
    assert [(file.name, file.read) for file in files][2:] == [("the other files", 2)]


def test_what_was_read_before_the_damage_is_told(bring_in, monkeypatch):
    """S44: an import that ends half way tells of what it decided."""
    with pytest.raises(Invalid):
        _damaged_after_the_first(bring_in, monkeypatch)
    [file] = files_of(RetrievalRun.objects.get().files)
    assert (file.read, file.left_out) == (1, {"no_contact": 1})


def _damaged_after_the_first(bring_in, monkeypatch) -> None:
    whole = files_read.FilesRead.count

    def damaged(counted, mailbox, batch):
        whole(counted, mailbox, batch)
        raise Invalid("one.mbox is damaged.")

    monkeypatch.setattr(files_read.FilesRead, "count", damaged)
    bring_in(one=mbox(a_letter(1, sender=STRANGER)))


def test_the_look_up_says_where_it_is_told(alice, bob, bring_in, at):
    """S79: of what a file had nothing is kept and no Gmail is asked: the look-up says where to look, to its owner."""
    bring_in(one=mbox(a_letter(2, sender=STRANGER)))
    [notice] = explain(alice, "carla@elsewhere.example", clock=lambda: at).notices
    assert "alice@haldenrowe.example" in notice
    assert "under its imports" in notice
    assert not explain(bob, "carla@elsewhere.example", clock=lambda: at).notices
