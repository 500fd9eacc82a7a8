"""Reading a big chat in two halves at once: the second one by a process that this one splits off."""

from __future__ import annotations

import contextlib
import multiprocessing
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing.connection import Connection

from hypecut.chat.content import Content
from hypecut.chat.formats import ChatFormat
from hypecut.chat.intake import Intake, IntakeState
from hypecut.errors import HypecutError

# Below this, starting a process takes longer than it saves.
MIN_BYTES = 32 * 1024 * 1024


def read_whole(chat_format: ChatFormat, content: Content, intake: Intake) -> Intake:
    """Read all of `content`: in two halves where that pays and can be done, else in one go.

    Returns:
        What was taken in: `intake`, which is empty before.

    Raises:
        ChatFormatError: the content is broken beyond single messages.
    """
    if chat_format.in_halves and len(content.data) >= MIN_BYTES and _can_fork():
        first = Intake(intake.vod_start)
        # Where the halves don't fit, or something is wrong with one, reading in one go tells what it is.
        with (
            contextlib.suppress(HypecutError, EOFError, OSError),
            _second_half(chat_format, content) as second,
        ):
            chat_format.read(replace(content, share="first"), first)
            state: IntakeState | None = second.recv()
            if state is not None:
                first.merge(state)
                return first
    chat_format.read(content, intake)
    return intake


def _can_fork() -> bool:
    """Whether a copy of this process can go on: other threads would not be in it, but their locks would."""
    return (
        sys.platform.startswith("linux")
        and threading.active_count() == 1
        and not multiprocessing.current_process().daemon
    )


@contextlib.contextmanager
def _second_half(chat_format: ChatFormat, content: Content) -> Iterator[Connection]:
    """Where the state of the second half's intake comes from, or None if it can't be read."""
    here, there = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(
        target=_send_second, args=(chat_format, content, there), daemon=True
    )
    process.start()
    there.close()
    try:
        with here:
            yield here
    finally:
        process.kill()
        process.join()
        process.close()


def _send_second(chat_format: ChatFormat, content: Content, out: Connection) -> None:
    intake = Intake()
    state: IntakeState | None = None
    with contextlib.suppress(HypecutError):
        chat_format.read(replace(content, share="second"), intake)
        state = intake.state()
    out.send(state)
