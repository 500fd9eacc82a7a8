from __future__ import annotations

import inspect

import pytest

import hypecut.errors
from hypecut.errors import (
    ChatFormatError,
    DiskFullError,
    FolderInUseError,
    HypecutError,
    InterruptedByUserError,
    MediaError,
    NothingFoundError,
    PlanError,
    SourceUnavailableError,
    ThinChatError,
    UsageError,
)

KINDS = [kind for _, kind in inspect.getmembers(hypecut.errors, inspect.isclass)]


@pytest.mark.parametrize(
    ("kind", "exit_code"),
    [
        (HypecutError, 1),
        (DiskFullError, 1),
        (UsageError, 2),
        (ChatFormatError, 2),
        (PlanError, 2),
        (MediaError, 2),
        (FolderInUseError, 2),
        (NothingFoundError, 3),
        (ThinChatError, 3),
        (SourceUnavailableError, 4),
        (InterruptedByUserError, 130),
    ],
)
def test_exit_codes_are_those_promised(kind: type[HypecutError], exit_code: int) -> None:
    assert kind.exit_code == exit_code


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_is_one_of_ours_with_a_meaning_and_a_status(kind: type[Exception]) -> None:
    assert issubclass(kind, HypecutError)
    assert (kind.__doc__ or "").endswith(".")
    assert 400 <= kind.http_status < 600
    assert str(kind("a sentence.")) == "a sentence."


def test_the_tree_in_the_module_names_every_error() -> None:
    assert hypecut.errors.__doc__ is not None
    for kind in KINDS:
        assert kind.__name__ in hypecut.errors.__doc__
