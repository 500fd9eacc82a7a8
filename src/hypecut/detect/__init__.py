"""From a chat log to segments: activity, spikes, windows around them. Pure: no files, clock or randomness."""

from hypecut.detect.detection import Detection, detect
from hypecut.detect.options import DetectOptions

__all__ = ["DetectOptions", "Detection", "detect"]
