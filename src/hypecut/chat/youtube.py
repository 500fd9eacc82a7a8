"""YouTube's live chat replay as yt-dlp writes it: JSON lines of what the player would do."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from hypecut.chat.content import Content
from hypecut.chat.decoding import EntryDecoder
from hypecut.chat.formats import ChatFormat
from hypecut.chat.intake import Intake
from hypecut.chat.pieces import lines
from hypecut.chat.text_lines import take
from hypecut.models import ChatMessage

_MARK = re.compile(rb'"replayChatItemAction"\s*:')


class _Emoji(msgspec.Struct, rename="camel", gc=False):
    emoji_id: str | None = None
    shortcuts: list[str] | None = None


class _Run(msgspec.Struct, gc=False):
    text: str | None = None
    emoji: _Emoji | None = None

    @property
    def shown(self) -> str:
        if self.text is not None:
            return self.text
        emoji = self.emoji or _Emoji()
        return (emoji.shortcuts or [emoji.emoji_id or ""])[0]


class _Text(msgspec.Struct, rename="camel", gc=False):
    runs: list[_Run] | None = None
    simple_text: str | None = None

    @property
    def shown(self) -> str:
        return self.simple_text or "".join(run.shown for run in self.runs or ())


class _Renderer(msgspec.Struct, rename="camel", gc=False):
    message: _Text | None = None
    author_name: _Text | None = None
    author_external_channel_id: str | None = None


class _Item(msgspec.Struct, rename="camel", gc=False):
    live_chat_text_message_renderer: _Renderer | None = None
    live_chat_paid_message_renderer: _Renderer | None = None


class _Add(msgspec.Struct, gc=False):
    item: _Item | None = None


class _Action(msgspec.Struct, rename="camel", gc=False):
    add_chat_item_action: _Add | None = None


class _Replay(msgspec.Struct, rename="camel", gc=False):
    actions: list[_Action] | None = None
    video_offset_time_msec: float = 0.0


class _Line(msgspec.Struct, rename="camel", gc=False):
    replay_chat_item_action: _Replay | None = None

    @property
    def messages(self) -> Iterator[ChatMessage]:
        """What people said; tickers, polls and the like are none."""
        replay = self.replay_chat_item_action
        for action in replay.actions or () if replay else ():
            item = action.add_chat_item_action.item if action.add_chat_item_action else None
            said = item and (item.live_chat_text_message_renderer or item.live_chat_paid_message_renderer)
            if replay and said:
                name = said.author_name.shown if said.author_name else said.author_external_channel_id
                text = said.message.shown if said.message else ""
                yield ChatMessage(replay.video_offset_time_msec / 1000, name or "", text)


def _sniff(head: bytes) -> bool:
    return head.lstrip().startswith(b"{") and bool(_MARK.search(head))


def _read(content: Content, intake: Intake) -> None:
    for batch in lines(content, EntryDecoder(_Line)):
        take(intake, [said for line in batch.entries for said in line.messages], list(batch.unreadable))


YOUTUBE = ChatFormat("YouTube live chat (yt-dlp)", _sniff, _read)
