"""The output folder: whose it is, and what may be replaced."""

from __future__ import annotations

from pathlib import Path

import pytest

from hypecut.errors import BadInputError, FolderInUseError, UsageError
from hypecut.jobs.folder import CLIPS, MONTAGE, PLAN, OutputFolder, job_name


def claim(path: Path, job: str = "a", inputs: tuple[Path, ...] = (), overwrite: bool = False) -> OutputFolder:
    return OutputFolder(path, job, inputs, overwrite)


def test_a_job_has_one_name_for_the_same_arguments_and_files(tmp_path: Path) -> None:
    vod = tmp_path / "vod.mp4"
    vod.write_bytes(b"one")
    name = job_name("vod_highlights", {"exact": False}, [vod], tmp_path)
    assert name == job_name("vod_highlights", {"exact": False}, [vod], tmp_path)
    assert name != job_name("vod_highlights", {"exact": True}, [vod], tmp_path)
    assert name != job_name("vod_highlights", {"exact": False}, [vod], tmp_path / "other")
    vod.write_bytes(b"another length")
    assert name != job_name("vod_highlights", {"exact": False}, [vod], tmp_path)


def test_a_finished_job_gives_its_result_back_while_its_montage_stands(tmp_path: Path) -> None:
    folder = claim(tmp_path)
    (tmp_path / MONTAGE).write_bytes(b"video")
    folder.done({"montage": "x"})
    assert claim(tmp_path).finished == {"montage": "x"}
    (tmp_path / MONTAGE).unlink()
    assert claim(tmp_path).finished is None


def test_an_unfinished_job_may_go_on(tmp_path: Path) -> None:
    claim(tmp_path)
    (tmp_path / PLAN).write_text("{}")
    assert claim(tmp_path).finished is None


def test_another_jobs_folder_is_refused_and_its_files_stay(tmp_path: Path) -> None:
    claim(tmp_path, "a")
    (tmp_path / MONTAGE).write_bytes(b"theirs")
    with pytest.raises(FolderInUseError, match="--overwrite"):
        claim(tmp_path, "b")
    assert (tmp_path / MONTAGE).read_bytes() == b"theirs"


def test_outputs_of_unknown_origin_are_not_replaced(tmp_path: Path) -> None:
    (tmp_path / MONTAGE).write_bytes(b"somebody's")
    with pytest.raises(FolderInUseError):
        claim(tmp_path)


def test_unrelated_files_do_not_matter(tmp_path: Path) -> None:
    (tmp_path / "holiday.mp4").write_bytes(b"mine")
    assert claim(tmp_path).finished is None


def test_overwrite_clears_outputs_and_nothing_else(tmp_path: Path) -> None:
    claim(tmp_path, "a")
    clips = tmp_path / CLIPS
    clips.mkdir()
    for name in ("001_0h00m10s.mp4", "holiday.mp4"):
        (clips / name).write_bytes(b"x")
    (tmp_path / MONTAGE).write_bytes(b"theirs")
    (tmp_path / "holiday.mp4").write_bytes(b"mine")
    assert claim(tmp_path, "b", overwrite=True).finished is None
    assert not (tmp_path / MONTAGE).exists()
    assert [p.name for p in clips.iterdir()] == ["holiday.mp4"]
    assert (tmp_path / "holiday.mp4").exists()


def test_a_job_that_made_nothing_does_not_keep_its_folder(tmp_path: Path) -> None:
    claim(tmp_path, "a")
    claim(tmp_path, "b")
    (tmp_path / PLAN).write_text("{}")
    with pytest.raises(FolderInUseError):
        claim(tmp_path, "a")


def test_overwrite_replaces_a_damaged_marker(tmp_path: Path) -> None:
    (tmp_path / ".hypecut-job.json").write_bytes(b"\xff{")
    assert claim(tmp_path, overwrite=True).finished is None


def test_a_recording_among_the_clips_is_not_cleared_away(tmp_path: Path) -> None:
    vod = tmp_path / CLIPS / "001_0h00m10s.mp4"
    vod.parent.mkdir()
    vod.write_bytes(b"the recording")
    with pytest.raises(UsageError, match="choose another folder"):
        claim(tmp_path, inputs=(vod,), overwrite=True)
    assert vod.read_bytes() == b"the recording"


def test_a_folder_named_as_an_output_and_a_file_named_as_the_clips_are_told(tmp_path: Path) -> None:
    (tmp_path / "a" / MONTAGE).mkdir(parents=True)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / CLIPS).write_text("x")
    for folder, name in (("a", MONTAGE), ("b", CLIPS)):
        with pytest.raises(UsageError, match=name):
            claim(tmp_path / folder, overwrite=True)


def test_what_the_system_says_against_a_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="choose another place"):
        claim(tmp_path / ("x" * 300))


def test_an_input_is_never_an_output(tmp_path: Path) -> None:
    vod = tmp_path / MONTAGE
    vod.write_bytes(b"the recording")
    with pytest.raises(UsageError, match="choose another folder"):
        claim(tmp_path, inputs=(vod,), overwrite=True)
    assert vod.read_bytes() == b"the recording"


def test_a_plan_changed_by_hand_is_not_lost(tmp_path: Path) -> None:
    folder = claim(tmp_path)
    (tmp_path / PLAN).write_text("as made")
    folder.planned()
    assert claim(tmp_path).finished is None
    (tmp_path / PLAN).write_text("as edited")
    with pytest.raises(FolderInUseError, match="hypecut render"):
        claim(tmp_path)
    assert (tmp_path / PLAN).read_text() == "as edited"


def test_a_damaged_marker_or_a_file_in_place_of_the_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / ".hypecut-job.json").write_bytes(b"\xff{")
    with pytest.raises(BadInputError, match="choose another folder"):
        claim(tmp_path)
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(UsageError, match="is a file"):
        claim(file)
