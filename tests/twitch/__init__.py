"""A local Twitch for tests: real sockets and TLS, made-up channels, faults on demand, every request counted.

    def test_something(twitch: LocalTwitch, tmp_path: Path) -> None:
        twitch.add(Vod("24", "alpha", Media(seconds=40)))            # or change twitch.fixture
        settings = twitch.settings(tmp_path)                         # for code in this process
        subprocess.run([...], env={**os.environ, **twitch.env()})    # for programs
        twitch.fault("*/chunked/2.ts", "status", code=503, times=2)  # then ask
        twitch.book.requests("*/chunked/*.ts")                       # Served(method, host, path, status, ...)
        twitch.book.bytes_sent("*.mp4")

It follows what public clients send and read; it was never compared with the real service. There: GraphQL over
named (persisted) operations and raw query text, where unknown fields are refused; playback tokens with
signature and expiry; usher; media playlists of .ts and fMP4 segments, muted ones included; chat pages by
offset and by cursor; Helix users, clips and videos with paging and limits; clip pages put together by script.
Not there: live streams, login, emotes.
"""

from tests.twitch.faults import Fault, FaultBook, Served
from tests.twitch.fixture import Channel, Clip, Fixture, Media, Message, Vod, some_chat, standard_fixture
from tests.twitch.server import LocalTwitch

__all__ = [
    "Channel",
    "Clip",
    "Fault",
    "FaultBook",
    "Fixture",
    "LocalTwitch",
    "Media",
    "Message",
    "Served",
    "Vod",
    "some_chat",
    "standard_fixture",
]
