from __future__ import annotations

from fractions import Fraction
from io import BytesIO
from pathlib import Path

import av
import pytest
from PIL import Image

from hypecut.errors import MediaError
from hypecut.media.sparse import SparsePlaylist, SparseSegment, write_sparse
from hypecut.web.footage import PIECE_S, THUMB_WIDTH, Pieces, is_playable, spans_here, thumbnail
from tests.support.counter import read_counter
from tests.support.recordings import Recordings

LENGTH_S = PIECE_S + 8
WHOLE = (0.0, LENGTH_S)


@pytest.fixture(scope="module")
def recording(tiny_recording: Recordings) -> Path:
    return tiny_recording(".ts", duration_s=LENGTH_S, fps=Fraction(15), gop_frames=40).path


def numbers(path: Path) -> list[int | None]:
    with av.open(str(path)) as container:
        return [read_counter(frame) for frame in container.decode(video=0)]


def test_browsers_play_mp4_themselves_and_nothing_else(tiny_recording: Recordings, recording: Path) -> None:
    assert is_playable(tiny_recording(".mp4").path)
    assert not is_playable(recording)
    assert not is_playable(recording.with_suffix(".mp4"))


def test_pieces_follow_one_another_to_the_picture(recording: Path, tmp_path: Path) -> None:
    pieces = Pieces(tmp_path)
    made = [pieces.get(recording, WHOLE, number) for number in range(2)]
    assert numbers(made[0]) == list(range(int(PIECE_S * 15)))
    assert numbers(made[1]) == list(range(int(PIECE_S * 15), int(LENGTH_S * 15)))
    assert all(is_playable(path) for path in made)


def test_a_piece_is_made_once(recording: Path, tmp_path: Path) -> None:
    pieces = Pieces(tmp_path)
    first = pieces.get(recording, WHOLE, 1)
    inode = first.stat().st_ino
    assert pieces.get(recording, WHOLE, 1).stat().st_ino == inode


def test_old_pieces_give_way(recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hypecut.web.footage._MOST_BYTES", 1)
    pieces = Pieces(tmp_path)
    first = pieces.get(recording, WHOLE, 0)
    second = pieces.get(recording, WHOLE, 1)
    assert not first.exists()
    assert second.exists()


def test_there_is_no_piece_past_the_end(recording: Path, tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="nothing to show"):
        Pieces(tmp_path).get(recording, WHOLE, 2)


def test_a_thumbnail_is_a_small_picture(recording: Path) -> None:
    picture = Image.open(BytesIO(thumbnail(recording, 9.0)))
    assert picture.size == (THUMB_WIDTH, THUMB_WIDTH * 9 // 16)


def test_what_is_no_video_has_no_thumbnail(tmp_path: Path) -> None:
    (tmp_path / "no.mp4").write_bytes(b"no video")
    with pytest.raises(MediaError, match="damaged"):
        thumbnail(tmp_path / "no.mp4", 0.0)


def test_of_a_vod_fetched_in_part_only_that_is_here(tmp_path: Path, recording: Path) -> None:
    segments = [SparseSegment(f"{i}.ts", 10.0, here=i in (1, 2, 5)) for i in range(7)]
    write_sparse(SparsePlaylist(segments), tmp_path / "vod.m3u8")
    assert spans_here(tmp_path / "vod.m3u8", 70.0) == [(10.0, 30.0), (50.0, 60.0)]
    assert spans_here(recording, LENGTH_S) == [WHOLE]
