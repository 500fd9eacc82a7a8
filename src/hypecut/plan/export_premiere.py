"""Plans as Final Cut Pro 7 XML, which Premiere, Resolve and others read.

The adapter writes the sequence; what it leaves out or puts wrong is completed in its XML: sound that is
linked to its picture, stereo pairs, gain, fades, sizes, and the frames of sources at another rate than the
montage.
"""

from __future__ import annotations

import warnings
from fractions import Fraction
from xml.etree import ElementTree as ET

from hypecut.plan.export_rates import drops_frames, from_timecode, nominal, to_timecode
from hypecut.plan.export_record import record_timeline
from hypecut.plan.export_text import reasons_of
from hypecut.plan.export_xml import branch, document
from hypecut.plan.placement import Layout, PlacedCut

# The format's own limit for the level of a clip, 12 dB.
MAX_LEVEL = 3.98107
MAX_GAIN_DB = 12.0

_SOUND_TRACKS = 2
_PICTURE_FADE = {"name": "Cross Dissolve", "effectid": "Cross Dissolve", "effectcategory": "Dissolve"}
_SOUND_FADE = {"name": "Cross Fade (+3dB)", "effectid": "KGAudioTransCrossFade3dB"}


def write(layout: Layout) -> str:
    """The plan as the text of an XML file of version 4 of the format.

    A crossfade becomes a cross dissolve over the same frames; a fade becomes a dissolve to black at the end
    of one clip and one from black at the start of the next.

    Raises:
        UsageError: as `record_timeline`.
    """
    import opentimelineio as otio

    tracks = _SOUND_TRACKS if any(placed.source.channels for placed in layout.cuts) else 0
    timeline = record_timeline(layout, tracks, lambda placed: placed.path.as_uri())
    # Clips of equal content would become references to one another, which programs don't follow.
    clips = [clip for track in timeline.tracks for clip in track if isinstance(clip, otio.schema.Clip)]
    for number, clip in enumerate(clips, 1):
        clip.metadata["fcp_xml"] = {"@id": f"clipitem-{number}"}
    with warnings.catch_warnings():
        # The adapter asks XML elements for their truth, which newer versions of Python warn of.
        warnings.simplefilter("ignore")
        root = ET.fromstring(otio.adapters.write_to_string(timeline, "fcp_xml"))
    sequence = root.find(".//sequence")
    if sequence is None:
        raise ValueError("the adapter has written no sequence")
    _complete(layout, sequence)
    return document(root, "xmeml")


def problems(layout: Layout) -> list[str]:
    """What the format can't tell of this plan, in words."""
    loud = [str(placed.number) for placed in layout.cuts if placed.cut.gain_db > MAX_GAIN_DB]
    if not loud:
        return []
    return [f"gains end at {MAX_GAIN_DB:g} dB in this format; louder in the plan: cut {', '.join(loud[:10])}"]


def _complete(layout: Layout, sequence: ET.Element) -> None:
    """Put into the adapter's sequence what it leaves out."""
    timecode = sequence.find("timecode")
    if timecode is not None:
        _set_timecode(timecode, 0, layout)
    video, audio = sequence.find("media/video"), sequence.find("media/audio")
    if video is None or audio is None:
        raise ValueError("the adapter has written a sequence without tracks")
    _describe_picture(layout, video)
    items: dict[int, list[tuple[ET.Element, int]]] = {}
    for index, track in enumerate([*video.findall("track"), *audio.findall("track")]):
        shown = [placed for placed in layout.cuts if not index or placed.source.channels]
        for clip_index, (item, placed) in enumerate(zip(track.findall("clipitem"), shown, strict=True), 1):
            _complete_item(layout, item, placed, index)
            items.setdefault(placed.number, []).append((item, clip_index))
        _complete_transitions(layout, track, shown, sound=index > 0)
        branch(track, {"enabled": "TRUE", "locked": "FALSE"})
        if index:
            branch(track, {"outputchannelindex": str(index)})
            track.attrib |= {
                "currentExplodedTrackIndex": str(index - 1),
                "totalExplodedTrackCount": str(_SOUND_TRACKS),
                "premiereTrackType": "Stereo",
            }
    for linked in items.values():
        _link(linked)
    if audio.find("track") is not None:
        sequence.set("explodedTracks", "true")
        _describe_sound(layout, audio)


def _describe_picture(layout: Layout, video: ET.Element) -> None:
    form = video.find("format")
    form = form if form is not None else ET.SubElement(video, "format")
    characteristics = branch(form, {"samplecharacteristics": {}})
    _add_rate(characteristics, layout.rate)
    width, height = layout.size
    branch(
        characteristics,
        {
            "width": str(width),
            "height": str(height),
            "pixelaspectratio": "square",
            "fielddominance": "none",
        },
    )


def _describe_sound(layout: Layout, audio: ET.Element) -> None:
    """Stereo: two channels, each an output of its own, as a pair of tracks carries them."""
    head = ET.Element("audio")
    branch(head, {"numOutputChannels": str(_SOUND_TRACKS)})
    rate = next(placed.source.sample_rate for placed in layout.cuts if placed.source.channels)
    branch(head, {"format": {"samplecharacteristics": {"depth": "16", "samplerate": str(rate)}}})
    outputs = branch(head, {"outputs": {}})
    for channel in range(1, _SOUND_TRACKS + 1):
        group = {
            "index": str(channel),
            "numchannels": "1",
            "downmix": "0",
            "channel": {"index": str(channel)},
        }
        branch(outputs, {"group": group})
    audio[:] = [*head, *audio]


def _complete_item(layout: Layout, item: ET.Element, placed: PlacedCut, track: int) -> None:
    """Give a clip the frames of its source, its source's nature, its level and its marker."""
    for tag in ("rate", "duration", "in", "out", "marker"):
        for found in item.findall(tag):
            item.remove(found)
    master = ET.Element("masterclipid")
    master.text = f"masterclip-{layout.source_numbers[placed.path]}"
    item.insert(0, master)
    branch(item, {"enabled": "TRUE", "duration": str(placed.media_frames)})
    _add_rate(item, placed.rate)
    branch(item, {"in": str(placed.first_frame), "out": str(placed.end_frame)})
    file = item.find("file")
    if file is not None and len(file):
        _complete_file(layout, file, placed)
    if not track:
        if reasons := reasons_of(placed):
            marker = {"name": reasons[0], "comment": "; ".join(reasons)}
            branch(item, {"marker": marker | {"in": str(placed.first_frame), "out": "-1"}})
        return
    item.set("premiereChannelType", "stereo" if placed.source.channels > 1 else "mono")
    channel = min(track, placed.source.channels)
    branch(item, {"sourcetrack": {"mediatype": "audio", "trackindex": str(channel)}})
    if placed.cut.gain_db:
        _add_level(item, placed.cut.gain_db)


def _complete_file(layout: Layout, file: ET.Element, placed: PlacedCut) -> None:
    """Tell a source's own rate, length, timecode, size and sound."""
    for tag in ("rate", "duration", "timecode", "media"):
        for found in file.findall(tag):
            file.remove(found)
    source = placed.source
    _add_rate(file, placed.rate)
    longest = max(cut.media_frames for cut in layout.cuts if cut.path == placed.path)
    branch(file, {"duration": str(longest)})
    _set_timecode(ET.SubElement(file, "timecode"), from_timecode(source.timecode, placed.rate) or 0, placed)
    size = {"width": str(source.width), "height": str(source.height)}
    media = branch(file, {"media": {"video": {"samplecharacteristics": size}}})
    if source.channels:
        sound = {"samplecharacteristics": {"depth": "16", "samplerate": str(source.sample_rate)}}
        branch(media, {"audio": sound | {"channelcount": str(source.channels)}})


def _add_level(item: ET.Element, gain_db: float) -> None:
    level = min(MAX_LEVEL, 10 ** (gain_db / 20))
    parameter = {"parameterid": "level", "name": "Level", "valuemin": "0", "valuemax": str(MAX_LEVEL)}
    kinds = dict.fromkeys(("effectid", "effectcategory", "effecttype"), "audiolevels")
    effect: dict[str, object] = {"name": "Audio Levels", **kinds, "mediatype": "audio"}
    branch(item, {"filter": {"effect": effect | {"parameter": parameter | {"value": f"{level:.6f}"}}}})


def _complete_transitions(layout: Layout, track: ET.Element, shown: list[PlacedCut], *, sound: bool) -> None:
    """Give sound transitions of its own, and fades to both."""
    for found in track.findall("transitionitem"):
        for effect in found.findall("effect"):
            found.remove(effect)
        _add_effect(found, sound)
    for item, placed in zip(track.findall("clipitem"), shown, strict=True):
        fade_in, fade_out = layout.fade_frames(placed)
        place = list(track).index(item)
        if fade_out:
            _set(item, "end", -1)
            end = placed.record_end
            track.insert(place + 1, _fade(layout, end - fade_out, end, "end-black", sound))
        if fade_in:
            _set(item, "start", -1)
            start = placed.record_start
            track.insert(place, _fade(layout, start, start + fade_in, "start-black", sound))


def _fade(layout: Layout, start: int, end: int, alignment: str, sound: bool) -> ET.Element:
    item = ET.Element("transitionitem")
    branch(item, {"start": str(start), "end": str(end), "alignment": alignment})
    _add_rate(item, layout.rate)
    _add_effect(item, sound)
    return item


def _add_effect(item: ET.Element, sound: bool) -> None:
    effect = _SOUND_FADE if sound else _PICTURE_FADE
    branch(
        item, {"effect": effect | {"effecttype": "transition", "mediatype": "audio" if sound else "video"}}
    )


def _link(linked: list[tuple[ET.Element, int]]) -> None:
    """Tie the picture and the sound of one cut together, so that they move as one."""
    for item, _ in linked:
        for track, (other, clip_index) in enumerate(linked):
            link = {"linkclipref": other.get("id", ""), "mediatype": "audio" if track else "video"}
            link |= {"trackindex": str(max(1, track)), "clipindex": str(clip_index)}
            branch(item, {"link": link | ({"groupindex": "1"} if track else {})})


def _add_rate(parent: ET.Element, rate: Fraction) -> None:
    whole = rate.denominator == 1
    branch(parent, {"rate": {"timebase": str(nominal(rate)), "ntsc": "FALSE" if whole else "TRUE"}})


def _set_timecode(element: ET.Element, frame: int, counted: Layout | PlacedCut) -> None:
    """Fill a timecode element with frame number `frame` at the rate of what it belongs to."""
    element[:] = []
    _add_rate(element, counted.rate)
    shown = "DF" if drops_frames(counted.rate) else "NDF"
    branch(element, {"string": to_timecode(frame, counted.rate), "frame": str(frame), "displayformat": shown})


def _set(item: ET.Element, tag: str, value: int) -> None:
    found = item.find(tag)
    (found if found is not None else ET.SubElement(item, tag)).text = str(value)
