"""Writing aside: what may be replaced, and that no half file stays."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hypecut.errors import BadInputError, UsageError
from hypecut.files import check_output, write_text, written_aside


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.txt"
    with pytest.raises(ZeroDivisionError), written_aside(path) as part:
        print(part.write_text("half") / 0)
    assert list(path.parent.iterdir()) == []
    write_text(path, "whole")
    assert [p.name for p in path.parent.iterdir()] == ["a.txt"]


def test_a_file_in_place_of_the_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(BadInputError, match="choose another place"):
        write_text(tmp_path / "file" / "a.txt", "x")
    with pytest.raises(BadInputError, match="is a folder"):
        write_text(tmp_path, "x")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_device_or_pipe_is_never_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(BadInputError, match="device or pipe"):
        write_text(pipe, "x")
    with pytest.raises(BadInputError, match="device or pipe"):
        check_output(pipe, True, [])
    assert pipe.is_fifo()


def test_a_link_stays_and_its_file_is_replaced(tmp_path: Path) -> None:
    target, link = tmp_path / "there" / "a.txt", tmp_path / "link.txt"
    target.parent.mkdir()
    link.symlink_to(target)
    write_text(link, "first")
    write_text(link, "second")
    assert link.is_symlink()
    assert target.read_text() == "second"


def test_an_output_is_new_or_to_be_replaced_and_never_an_input(tmp_path: Path) -> None:
    out = tmp_path / "a.txt"
    check_output(out, False, [out.with_name("other")])
    out.write_text("x")
    with pytest.raises(UsageError, match="--overwrite"):
        check_output(out, False, [])
    check_output(out, True, [])
    with pytest.raises(UsageError, match="would be overwritten"):
        check_output(out, True, [tmp_path / "x" / ".." / "a.txt"])
