"""VODs of which only some segments are here: cut as exactly as whole files, and never over a gap."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from fractions import Fraction
from pathlib import Path

import av
import msgspec
import pytest

from hypecut.errors import MediaError
from hypecut.media.render import RenderResult, render
from hypecut.media.snap import snap
from hypecut.media.source import SourceReader
from hypecut.media.sparse import SparsePlaylist, SparseSegment, read_sparse, source_bytes, write_sparse
from hypecut.models import Cut
from hypecut.progress import SilentProgress
from tests.media.rendering import cut_of, plan_of
from tests.support.verify import MontageReport, check_montage
from tests.twitch import Fixture, Media, Vod
from tests.twitch.media import MediaStore, Rendition

# Past the point where an MPEG clock of 33 bits begins anew, at 26.5 hours.
NEAR_WRAP_S = 2**33 / 90_000 - 25
HERE = (1, 2, 4)


class Sparse:
    """Sparse copies of a 60-second VOD in ten-second segments."""

    def __init__(self, files: Path, folder: Path) -> None:
        self.store = MediaStore(Fixture(), files)
        self.folder = folder

    def made(
        self,
        vod: Vod,
        here: Collection[int] = HERE,
        *,
        tagged: bool = True,
        jump_from: tuple[int, Vod] | None = None,
    ) -> Path:
        """A playlist with these segments, from one of them on those of another VOD if so wanted."""
        whole = self.store.rendition(vod, "chunked")
        segments = []
        for index, segment in enumerate(whole.segments):
            other = jump_from is not None and index >= jump_from[0]
            files = self.store.rendition(jump_from[1], "chunked") if jump_from and other else whole
            if index in here:
                shutil.copy(files.folder / segment.name, self.folder / segment.name)
            jump = jump_from is not None and index == jump_from[0]
            segments.append(SparseSegment(segment.name, segment.duration, index in here, jump))
        if whole.init:
            shutil.copy(whole.folder / whole.init, self.folder / whole.init)
        path = self.folder / "vod.m3u8"
        write_sparse(SparsePlaylist(segments, whole.init or "", start_of(whole) if tagged else None), path)
        return path

    def rendered(self, vod: Vod, playlist: Path, cuts: list[Cut]) -> tuple[RenderResult, MontageReport]:
        """Render, and compare with the whole recording, whose frames bear numbers."""
        out = self.folder / "montage.mp4"
        result = render(plan_of(cuts), self.folder, out, SilentProgress(), strict=True)
        original = self.store.source(vod.media)
        same = [msgspec.structs.replace(cut, source=original.name) for cut in cuts]
        truths = {original.name: self.store.truth(vod.media)}
        return result, check_montage(out, plan_of(same), original.parent, truths)


def start_of(whole: Rendition) -> Fraction:
    """The time stamp of the first picture."""
    data = (whole.folder / whole.init).read_bytes() if whole.init else b""
    first = whole.folder / "joined"
    first.write_bytes(data + (whole.folder / whole.segments[0].name).read_bytes())
    with av.open(str(first)) as container:
        packet = next(p for p in container.demux(video=0) if p.pts is not None)
        return Fraction(packet.pts or 0) * packet.time_base


@pytest.fixture
def sparse(twitch_files: Path, tmp_path: Path) -> Sparse:
    return Sparse(twitch_files, tmp_path)


def a_vod(container: str = "ts", clock_start: float = 0.0) -> Vod:
    return Vod("1", "alpha", Media(seconds=60), container=container, clock_start=clock_start)


@pytest.mark.parametrize(
    ("container", "clock_start"), [("ts", 0.0), ("fmp4", 0.0), ("ts", 5000.5), ("ts", NEAR_WRAP_S)]
)
def test_every_frame_is_right_though_most_segments_are_missing(
    sparse: Sparse, container: str, clock_start: float
) -> None:
    vod = a_vod(container, clock_start)
    playlist = sparse.made(vod)
    with SourceReader(playlist) as source:
        assert source.duration_s == pytest.approx(60)
        kept = [cut_of(playlist, *snap(source, *span)) for span in ((41.3, 48.1), (12.5, 29.7))]
    exact = [cut_of(playlist, 15.4, 22.2), cut_of(playlist, 40.0, 41.0), cut_of(playlist, 47.2, 50.0)]
    result, report = sparse.rendered(vod, playlist, [*kept, *exact])
    assert report.problems() == []
    assert [one.mode for one in result.cuts[:2]] == ["copied", "copied"]
    assert [cut.start_s for cut in kept] == [40.0, 12.0]


def test_the_beginning_and_the_end_of_a_vod(sparse: Sparse) -> None:
    vod = a_vod()
    playlist = sparse.made(vod, here=(0, 5))
    with SourceReader(playlist) as source:
        cuts = [cut_of(playlist, *snap(source, *span)) for span in ((0.0, 3.3), (55.5, 60.0))]
    assert sparse.rendered(vod, playlist, cuts)[1].problems() == []
    assert (cuts[0].start_s, cuts[1].end_s) == (0.0, 60.0)


def test_boundaries_snap_inside_what_is_here(sparse: Sparse) -> None:
    playlist = sparse.made(a_vod(), here=(2,))
    with SourceReader(playlist) as source:
        assert snap(source, 20.5, 30.0) == (20.0, 30.0)


def test_without_the_tag_the_lengths_tell_where_time_begins(sparse: Sparse) -> None:
    vod = a_vod()
    playlist = sparse.made(vod, tagged=False)
    assert sparse.rendered(vod, playlist, [cut_of(playlist, 15.4, 22.2)])[1].problems() == []


def test_time_stamps_that_jump(sparse: Sparse) -> None:
    vod, later = a_vod(), a_vod(clock_start=4000.0)
    playlist = sparse.made(vod, here=(1, 2, 3), jump_from=(2, later))
    cuts = [cut_of(playlist, 12.0, 16.0), cut_of(playlist, 24.0, 28.0), cut_of(playlist, 30.0, 35.2)]
    assert sparse.rendered(vod, playlist, cuts)[1].problems() == []


@pytest.mark.parametrize(
    "span",
    [
        (31.0, 35.0),
        (28.0, 31.0),
        (28.0, 30.3),
        (9.8, 12.0),
        (38.0, 42.0),
        (29.0, 41.0),
        (2.0, 5.0),
        (51.0, 59.0),
    ],
)
def test_a_cut_that_meets_a_gap_is_refused(sparse: Sparse, span: tuple[float, float]) -> None:
    playlist = sparse.made(a_vod())
    cuts = [cut_of(playlist, 12.0, 16.0), cut_of(playlist, *span)]
    with pytest.raises(MediaError, match=r"vod\.m3u8"):
        render(plan_of(cuts), playlist.parent, playlist.parent / "out.mp4", SilentProgress(), strict=True)
    result = render(plan_of(cuts), playlist.parent, playlist.parent / "out.mp4", SilentProgress())
    assert [one.cut for one in result.skipped] == [2]


def test_a_segment_that_was_lost_is_missed(sparse: Sparse) -> None:
    playlist = sparse.made(a_vod())
    (playlist.parent / "2.ts").unlink()
    with pytest.raises(MediaError):
        render(
            plan_of([cut_of(playlist, 15, 25)]),
            playlist.parent,
            playlist.parent / "o.mp4",
            SilentProgress(),
            strict=True,
        )


def test_a_playlist_is_read_as_it_was_written(tmp_path: Path) -> None:
    segments = [
        SparseSegment("0.ts", 10.01, here=False),
        SparseSegment("part/1.ts", 9.5, here=True),
        SparseSegment("2.ts", 3.0, here=True, discontinuity=True),
    ]
    playlist = SparsePlaylist(segments, "init.mp4", Fraction(-13, 90_000))
    write_sparse(playlist, tmp_path / "vod.m3u8")
    assert read_sparse(tmp_path / "vod.m3u8") == playlist


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "not an HLS playlist"),
        ("#EXTM3U\n", "lists no segments"),
        ("#EXTM3U\n#EXTINF:1,\n../up.ts\n", "beside the playlist"),
        ("#EXTM3U\n#EXTINF:1,\n/etc/passwd\n", "beside the playlist"),
        ("#EXTM3U\n#EXTINF:1,\nhttps://example.org/0.ts\n", "beside the playlist"),
        ("#EXTM3U\n#EXTINF:1,\nfile:0.ts\n", "beside the playlist"),
        ("#EXTM3U\n#EXTINF:1,\n..\\0.ts\n", "beside the playlist"),
        ('#EXTM3U\n#EXT-X-MAP:URI="../i.mp4"\n#EXTINF:1,\n0.mp4\n', "beside the playlist"),
        ("#EXTM3U\n0.ts\n", "no length"),
        ("#EXTM3U\n#EXTINF:-1,\n0.ts\n", "no length"),
        ("#EXTM3U\n#EXTINF:1e99,\n0.ts\n", "no length"),
        ("#EXTM3U\n#EXT-X-BYTERANGE:1@0\n#EXTINF:1,\n0.ts\n", "can't be used"),
        ("#EXTM3U\n#EXT-X-GAP\n#EXTINF:1,\n0.ts\n", "nothing of .* is here"),
        ("#EXTM3U\n#EXTINF:1,\n0.ts\n", "can be read"),
    ],
)
def test_playlists_that_can_not_be_used(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "vod.m3u8"
    path.write_text(text)
    with pytest.raises(MediaError, match=told):
        SourceReader(path)


def test_the_size_of_a_vod_is_told_from_what_is_here(sparse: Sparse) -> None:
    vod = a_vod()
    whole = sparse.store.rendition(vod, "chunked")
    total = sum((whole.folder / segment.name).stat().st_size for segment in whole.segments)
    playlist = sparse.made(vod)
    assert source_bytes(playlist) == pytest.approx(total, rel=0.2)
    assert source_bytes(playlist.parent / "1.ts") == (whole.folder / "1.ts").stat().st_size
