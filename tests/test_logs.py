from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from hypecut.logs import close_log, configure_logging, log_path


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    close_log()


def test_records_of_the_level_go_to_the_file_and_nowhere_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = configure_logging(tmp_path, "INFO")
    logging.getLogger("hypecut.media").debug("quiet")
    logging.getLogger("hypecut.media").info("heard")
    logging.getLogger("elsewhere").error("not ours")
    close_log()
    assert path == log_path(tmp_path)
    text = log_path(tmp_path).read_text()
    assert "INFO" in text
    assert "hypecut.media: heard" in text
    assert "quiet" not in text
    assert "not ours" not in text
    assert capsys.readouterr() == ("", "")


def test_configuring_again_writes_each_record_once(tmp_path: Path) -> None:
    configure_logging(tmp_path, "INFO")
    configure_logging(tmp_path, "INFO")
    logging.getLogger("hypecut").info("once")
    close_log()
    assert log_path(tmp_path).read_text().count("once") == 1


def test_a_folder_that_cannot_be_written_silences_the_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert configure_logging(tmp_path / "file", "INFO") is None
    logging.getLogger("hypecut").error("unheard")
    assert capsys.readouterr() == ("", "")
