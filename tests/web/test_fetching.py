from __future__ import annotations

from hypecut.web.fetching import ToldInWords


def test_the_share_that_is_done_is_told_in_words() -> None:
    told: list[str] = []
    progress = ToldInWords("Fetching", told.append)
    progress.start("fetch", 8.0)
    progress.update(2.0)
    progress.update(9.0)
    progress.finish()
    assert told == ["Fetching: 0 %", "Fetching: 25 %", "Fetching: 100 %", "Fetching: 100 %"]


def test_work_of_unknown_size_has_no_share() -> None:
    told: list[str] = []
    progress = ToldInWords("Fetching", told.append)
    progress.start("fetch", 0.0)
    progress.update(5.0)
    assert told == ["Fetching: 0 %", "Fetching: 0 %"]
