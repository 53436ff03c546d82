"""The key file: replaced whole, read anew when it has become another one, and only if it may be used."""

import os
import stat
from pathlib import Path

import pytest

from bot.config.keys import NoKey, again, keys_in, put
from storage.sealing import new_key


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "checkin.keys"
    path.write_text(f"# of 2026\n\n{new_key()}\n")
    path.chmod(0o640)
    return path


def test_keys_are_put_in_order_with_the_remarks_and_the_mode_of_before(file: Path) -> None:
    keys = [new_key(), *keys_in(file)]
    put(file, keys)
    assert keys_in(file) == keys
    assert file.read_text().splitlines() == ["# of 2026", *keys]
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert [path.name for path in file.parent.iterdir()] == ["checkin.keys"]


def test_a_link_stays_a_link(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(file)
    put(link, [new_key()])
    assert link.is_symlink()
    assert keys_in(link) == keys_in(file)


def test_what_a_killed_process_left_half_written_is_in_nobodys_way(file: Path) -> None:
    (file.parent / ".checkin.keys.part").write_text("half")
    put(file, [new_key()])
    assert [path.name for path in file.parent.iterdir()] == ["checkin.keys"]


def test_a_file_that_can_t_be_replaced_is_as_it_was(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = file.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        put(file, [new_key()])
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir()] == ["checkin.keys"]


def test_a_file_is_read_again_only_when_it_has_become_another(file: Path) -> None:
    look = again(file)
    assert look() is None
    keys = [new_key(), *keys_in(file)]
    put(file, keys)
    assert look() == keys
    assert look() is None


def test_a_file_that_is_not_there_now_is_no_other_one(file: Path) -> None:
    look = again(file)
    file.unlink()
    assert look() is None


@pytest.mark.parametrize(("text", "mode"), [("# nothing\n", 0o600), (new_key(), 0o604)], ids=["empty", "open"])
def test_a_file_that_may_not_be_used_is_refused_and_looked_at_again(file: Path, text: str, mode: int) -> None:
    look = again(file)
    file.write_text(text)
    file.chmod(mode)
    for _ in range(2):
        with pytest.raises(ValueError, match=r"checkin\.keys: "):
            look()
    with pytest.raises(NoKey):
        keys_in(file)
