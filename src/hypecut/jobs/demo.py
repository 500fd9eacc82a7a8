"""The demo: an invented recording with planted moments goes through the whole highlights job."""

from __future__ import annotations

from pathlib import Path

import msgspec

from hypecut.chat.sample import PlantedMoment, sample_chat
from hypecut.chat.sample_file import write_twitchdownloader
from hypecut.files import told_as_write_error
from hypecut.jobs.highlights import run_highlights
from hypecut.jobs.requests import HighlightsRequest, HighlightsResult, Pick
from hypecut.media.cards import picture_format, write_card
from hypecut.media.sample import demo_spec, generate_recording
from hypecut.models import TransitionKind
from hypecut.progress import Progress
from hypecut.settings import Settings

DURATION_S = 420.0
MIN_DURATION_S = 60.0
MAX_DURATION_S = 120.0
SEED = 7
_STREAMER = "hypecut_demo"
_CARD = "The best of hypecut_demo 🔥"


class FoundMoment(msgspec.Struct, frozen=True):
    """A planted moment, and whether the montage shows it."""

    title: str
    at_s: float
    found: bool


class DemoResult(msgspec.Struct, frozen=True, kw_only=True):
    """What the demo made and which planted moments it found."""

    recording: str
    chat: str
    out: str
    montage_path: str | None
    moments: tuple[FoundMoment, ...]
    result: HighlightsResult


def make_sample(folder: Path, progress: Progress) -> tuple[Path, Path]:
    """Make the invented recording and its chat in `folder`, unless they are there, and give their paths.

    Raises:
        BadInputError, DiskFullError: the folder can't be written to.
    """
    recording, chat = folder / "recording.mp4", folder / "chat.json"
    spec = demo_spec(DURATION_S, SEED)
    with told_as_write_error(folder):
        if not recording.is_file():
            generate_recording(recording, spec, progress)
        if not chat.is_file():
            messages = sample_chat(DURATION_S, spec.moments, SEED)
            write_twitchdownloader(messages, chat, "hypecut demo", _STREAMER, DURATION_S)
    return recording, chat


def run_demo(folder: Path, settings: Settings, progress: Progress) -> DemoResult:
    """Generate a recording and its chat in `folder`, and make highlights of them in `folder/highlights`.

    They begin with a title card, each moment bears its time, and fades lead from one to the next. What an
    earlier demo generated there is used again.

    Raises:
        BadInputError, DiskFullError: the folder can't be written to.
    """
    recording, chat = make_sample(folder, progress)
    spec = demo_spec(DURATION_S, SEED)
    card = folder / "intro.mp4"
    if not card.is_file():
        write_card(_CARD, card, picture_format(recording))
    request = HighlightsRequest(
        vod=str(recording),
        chat=str(chat),
        out=str(folder / "highlights"),
        min_duration_s=MIN_DURATION_S,
        max_duration_s=MAX_DURATION_S,
        titles=True,
        transition=TransitionKind.FADE,
        intro=str(card),
    )
    result = run_highlights(request, settings, progress)
    return DemoResult(
        recording=str(recording),
        chat=str(chat),
        out=result.out,
        montage_path=result.montage_path,
        moments=tuple(FoundMoment(m.title, m.at_s, _is_shown(m, result.picks)) for m in spec.moments),
        result=result,
    )


def _is_shown(moment: PlantedMoment, picks: tuple[Pick, ...]) -> bool:
    return any(pick.start_s <= moment.at_s < pick.end_s for pick in picks)
