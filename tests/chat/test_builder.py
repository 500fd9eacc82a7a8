"""The columns of a log hold exactly what was put in, in order of time."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hypecut.chat import ChatLogBuilder, read_chat, write_chat

MESSAGES = st.lists(
    st.tuples(
        st.floats(-1000, 100_000, allow_nan=False),
        st.sampled_from(["", "a", "b", "日本"]),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
    )
)


@settings(derandomize=True)
@given(MESSAGES)
def test_messages_come_back_in_order(messages: list[tuple[float, str, str]]) -> None:
    builder = ChatLogBuilder()
    for message in messages:
        builder.append(*message)
    log = builder.build()
    assert [tuple(message) for message in log] == sorted(messages, key=lambda message: message[0])
    assert len(set(log.users)) == len(log.users)


@settings(derandomize=True, max_examples=50)
@given(messages=MESSAGES)
def test_written_logs_are_read_the_same(
    messages: list[tuple[float, str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    builder = ChatLogBuilder()
    builder.append(0.0, "a", "so that the file is not empty")
    for message in messages:
        builder.append(*message)
    path: Path = tmp_path_factory.mktemp("chat") / "chat.jsonl"
    write_chat(builder.build(), path)
    assert list(read_chat(path).log) == list(builder.build())


def test_half_characters_do_not_stop_a_log() -> None:
    builder = ChatLogBuilder()
    builder.append(1.0, "a", "broken \ud83d")
    assert builder.build()[0].text == "broken ?"


def test_columns_must_be_equally_long() -> None:
    with pytest.raises(ValueError, match="equally long"):
        ChatLogBuilder().extend([1.0], ["a"], [])
