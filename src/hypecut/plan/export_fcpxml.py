"""Plans as FCPXML 1.8, for Final Cut Pro X and Resolve.

Written here and not by OpenTimelineIO's adapter, which knows no transitions, gains and titles, takes picture
and sound apart, counts 59.94 frames a second as 59 and runs a program on each source. It reads what is
written here where frame rates are whole. The order of elements is that of Apple's document type definition.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from xml.etree import ElementTree as ET

from hypecut.plan.export_rates import drops_frames, from_timecode, nominal
from hypecut.plan.export_text import file_name, reasons_of, xml_line
from hypecut.plan.export_xml import document
from hypecut.plan.placement import Layout, PlacedCut
from hypecut.plan.text import plain

VERSION = "1.8"

_CROSS_DISSOLVE = {"name": "Cross Dissolve", "uid": "FxPlug:4731E73A-8DAC-4113-9A30-AE85B1761265"}
_SOUND_CROSSFADE = {"name": "Audio Crossfade", "uid": "FFAudioTransition"}
_TITLE = {
    "name": "Basic Title",
    "uid": ".../Titles.localized/Bumper:Opener.localized/Basic Title.localized/Basic Title.moti",
}
_SILENCE_DB, _MOST_DB = -96.0, 12.0
_TITLE_SIZE = 20
# The rates that a clip can be conformed from, in the words of the format.
_RATE_NAMES = {
    Fraction(24_000, 1001): "23.98",
    Fraction(30_000, 1001): "29.97",
    Fraction(60_000, 1001): "59.94",
}
_CONFORMED = {*_RATE_NAMES, *map(Fraction, (24, 25, 30, 48, 50, 60))}
_NAMED_HEIGHTS = {(1280, 720): "720", (1920, 1080): "1080"}


def write(layout: Layout) -> str:
    """The plan as an FCPXML document's text.

    Clips carry picture and sound together. A crossfade becomes a cross dissolve over the same frames, a fade
    becomes fade handles on picture and sound, a title a connected Basic Title.
    """
    return _Writer(layout).text()


def problems(layout: Layout) -> list[str]:
    """What the format can't tell of this plan, in words."""
    loud = [str(placed.number) for placed in layout.cuts if placed.cut.gain_db > _MOST_DB]
    if not loud:
        return []
    return [f"gains end at {_MOST_DB:g} dB in this format; louder in the plan: cut {', '.join(loud[:10])}"]


def seconds(time_s: Fraction) -> str:
    """A time as the format writes it: `1001/60000s`, `5s`."""
    return f"{time_s.numerator}s" if time_s.denominator == 1 else f"{time_s.numerator}/{time_s.denominator}s"


class _Writer:
    """Builds one document.

    Args:
        layout: the plan.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._root = ET.Element("fcpxml", version=VERSION)
        self._resources = ET.SubElement(self._root, "resources")
        self._known: dict[object, str] = {}

    def text(self) -> str:
        """The document."""
        layout = self._layout
        name = xml_line(layout.name) or "hypecut montage"
        form = self._format(layout.rate, layout.size)
        event = ET.SubElement(ET.SubElement(self._root, "library"), "event", name=name)
        sequence = ET.SubElement(
            ET.SubElement(event, "project", name=name),
            "sequence",
            format=form,
            duration=self._at(layout.cuts[-1].record_end),
            tcStart="0s",
            tcFormat=_tc_format(layout.rate),
            audioLayout="stereo",
            audioRate="48k",
        )
        spine = ET.SubElement(sequence, "spine")
        for placed in layout.cuts:
            if placed.number > 1 and layout.overlap_frames:
                spine.append(self._dissolve(placed))
            spine.append(self._clip(placed))
        return document(self._root, "fcpxml")

    def _at(self, frames: int) -> str:
        """Frames of the montage as a time."""
        return seconds(frames / self._layout.rate)

    def _resource(self, key: object, tag: str, attributes: Mapping[str, str]) -> str:
        """The id of a resource, which is made where it is first needed."""
        if key not in self._known:
            self._known[key] = f"r{len(self._known) + 1}"
            ET.SubElement(self._resources, tag, {"id": self._known[key], **attributes})
        return self._known[key]

    def _format(self, rate: Fraction, size: tuple[int, int]) -> str:
        # Multiplied by 100, as Apple's own documents have it, whole rates stay fractions.
        frame = 1 / rate
        scale = 1 if frame.numerator != 1 else 100
        attributes = {"frameDuration": f"{frame.numerator * scale}/{frame.denominator * scale}s"}
        attributes |= {"width": str(size[0]), "height": str(size[1])}
        if size in _NAMED_HEIGHTS and rate in _CONFORMED:
            named = _rate_name(rate).replace(".", "")
            attributes["name"] = f"FFVideoFormat{_NAMED_HEIGHTS[size]}p{named}"
        return self._resource((rate, size), "format", attributes)

    def _asset(self, placed: PlacedCut) -> str:
        """The source of a cut."""
        source = placed.source
        if placed.path in self._known:
            return self._known[placed.path]
        longest = max(cut.media_frames for cut in self._layout.cuts if cut.path == placed.path)
        attributes = {
            "name": file_name(placed.path),
            "src": placed.path.as_uri(),
            "start": seconds(_zero(placed)),
            "duration": seconds(longest / placed.rate),
            "hasVideo": "1",
            "format": self._format(placed.rate, (source.width, source.height)),
        }
        if source.channels:
            attributes |= {"hasAudio": "1", "audioSources": "1", "audioChannels": str(source.channels)}
            attributes["audioRate"] = str(source.sample_rate)
        return self._resource(placed.path, "asset", attributes)

    def _clip(self, placed: PlacedCut) -> ET.Element:
        """One cut, up to the middle of its crossfades."""
        layout = self._layout
        start, end = layout.trimmed(placed)
        # On a frame of the source, though half of a crossfade may not be one.
        skipped = round((start - placed.record_start) / layout.rate * placed.rate)
        first_s = _zero(placed) + (placed.first_frame + skipped) / placed.rate
        clip = ET.Element(
            "asset-clip",
            name=xml_line(placed.name) or f"Highlight {placed.number}",
            ref=self._asset(placed),
            offset=self._at(start),
            start=seconds(first_s),
            duration=self._at(end - start),
            tcFormat=_tc_format(placed.rate),
        )
        reasons = reasons_of(placed)
        if reasons:
            ET.SubElement(clip, "note").text = "; ".join(reasons)
        if placed.rate != layout.rate and placed.rate in _CONFORMED:
            # Without it, a clip at 59.94 would be played a thousandth faster at 60.
            ET.SubElement(clip, "conform-rate", scaleEnabled="0", srcFrameRate=_rate_name(placed.rate))
        self._add_fades(clip, placed)
        if layout.plan.titles and placed.cut.title.strip():
            clip.append(self._title(placed, first_s))
        if reasons:
            frame = seconds(1 / placed.rate)
            note = {"value": reasons[0], "note": "; ".join(reasons)}
            ET.SubElement(clip, "marker", {"start": seconds(first_s), "duration": frame, **note})
        return clip

    def _add_fades(self, clip: ET.Element, placed: PlacedCut) -> None:
        """Fade handles on picture and sound, and the gain."""
        gain_db = min(_MOST_DB, max(_SILENCE_DB, placed.cut.gain_db))
        fades = self._layout.fade_frames(placed)
        if any(fades):
            self._add_handles(ET.SubElement(clip, "adjust-blend", amount="1.0"), fades)
        if placed.source.channels and (gain_db or any(fades)):
            volume = ET.SubElement(clip, "adjust-volume", amount=f"{plain(gain_db)}dB")
            if any(fades):
                self._add_handles(volume, fades)

    def _add_handles(self, parent: ET.Element, fades: tuple[int, int]) -> None:
        amount = ET.SubElement(parent, "param", name="amount")
        for tag, frames in zip(("fadeIn", "fadeOut"), fades, strict=True):
            if frames:
                ET.SubElement(amount, tag, type="linear", duration=self._at(frames))

    def _title(self, placed: PlacedCut, first_s: Fraction) -> ET.Element:
        """A cut's title over its first seconds, connected above it."""
        titles = self._layout.plan.titles
        start, end = self._layout.trimmed(placed)
        frames = min(end - start, round(Fraction(titles.duration_s if titles else 0) * self._layout.rate))
        text = xml_line(placed.cut.title)
        title = ET.Element(
            "title",
            name=text or "Title",
            lane="1",
            offset=seconds(first_s),
            ref=self._resource("title", "effect", _TITLE),
            duration=self._at(max(1, frames)),
            start="3600s",
        )
        style = f"ts{placed.number}"
        ET.SubElement(ET.SubElement(title, "text"), "text-style", ref=style).text = text
        look = {"font": "Helvetica", "fontColor": "1 1 1 1", "alignment": "left"}
        size = str(max(_TITLE_SIZE, self._layout.size[1] // _TITLE_SIZE))
        definition = ET.SubElement(title, "text-style-def", id=style)
        ET.SubElement(definition, "text-style", look | {"fontSize": size})
        return title

    def _dissolve(self, placed: PlacedCut) -> ET.Element:
        """The crossfade from the cut before `placed` to it."""
        frames = self._layout.overlap_frames
        item = ET.Element(
            "transition",
            name="Cross Dissolve",
            offset=self._at(placed.record_start),
            duration=self._at(frames),
        )
        picture = self._resource("dissolve", "effect", _CROSS_DISSOLVE)
        ET.SubElement(item, "filter-video", ref=picture, name="Cross Dissolve")
        sound = self._resource("crossfade", "effect", _SOUND_CROSSFADE)
        ET.SubElement(item, "filter-audio", ref=sound, name="Audio Crossfade")
        return item


def _zero(placed: PlacedCut) -> Fraction:
    """The timecode of a source's first frame, as a time."""
    return (from_timecode(placed.source.timecode, placed.rate) or 0) / placed.rate


def _tc_format(rate: Fraction) -> str:
    return "DF" if drops_frames(rate) else "NDF"


def _rate_name(rate: Fraction) -> str:
    return _RATE_NAMES.get(rate) or str(nominal(rate))
