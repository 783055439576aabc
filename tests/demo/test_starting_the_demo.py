"""The demo deletes only what it made."""

from __future__ import annotations

import fcntl

import pytest

from letterbook.demo import starting
from letterbook.demo.starting import MARKER, clear_home, prepare_demo
from letterbook.kit.children import Children
from letterbook.kit.refusals import Conflict
from letterbook.project.environment import BadSetting


@pytest.fixture(autouse=True)
def _let_go_afterwards():
    yield
    for file in starting._locks:
        file.close()
    starting._locks.clear()


def test_a_new_home_is_made_and_marked(tmp_path):
    clear_home(tmp_path / "demo")
    assert [path.name for path in (tmp_path / "demo").iterdir()] == [MARKER]


def test_its_own_home_is_emptied(tmp_path):
    home = tmp_path / "demo"
    clear_home(home)
    for file in starting._locks:
        file.close()
    (home / "files").mkdir()
    (home / "files" / "old").write_text("old")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("kept")
    (home / "link").symlink_to(outside)
    clear_home(home)
    assert [path.name for path in home.iterdir()] == [MARKER]
    assert (outside / "kept").exists()


def test_a_folder_with_something_in_it_that_the_demo_did_not_make_is_left_alone(tmp_path):
    home = tmp_path / "demo"
    home.mkdir()
    (home / "thesis.txt").write_text("ten years")
    with pytest.raises(Conflict, match="not made by the demo"):
        clear_home(home)
    assert (home / "thesis.txt").read_text() == "ten years"


def test_a_link_to_elsewhere_is_left_alone(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "demo").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Conflict, match="not made by the demo"):
        clear_home(tmp_path / "demo")


def test_the_home_of_a_running_demo_is_left_alone(tmp_path):
    home = tmp_path / "demo"
    home.mkdir()
    (home / MARKER).write_text("")
    (home / "row").write_text("in use")
    with (home / MARKER).open() as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(Conflict, match="already running"):
            clear_home(home)
    assert (home / "row").exists()


@pytest.mark.parametrize("name", ["DATABASE_URL", "DATABASE_URL_FILE"])
def test_a_database_of_ones_own_is_never_filled_with_samples(name, monkeypatch, tmp_path):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("LETTERBOOK_HOME", str(tmp_path))
    monkeypatch.setenv(name, "postgresql://db.example/live")
    with pytest.raises(BadSetting, match="DATABASE_URL"):
        prepare_demo(Children())
    assert list(tmp_path.iterdir()) == []
