"""hypecut turns hours of Twitch into an 8-10 minute highlight montage."""

__version__ = "0.1.0"
