"""The ways from one state of a job to another."""

from __future__ import annotations

import itertools

import pytest

from hypecut.errors import JobStateError
from hypecut.jobs.engine.states import TRANSITIONS, check_cancel, check_remove, check_retry, check_transition
from hypecut.models import JobStatus

Q, R, D, F, C = (
    JobStatus.QUEUED,
    JobStatus.RUNNING,
    JobStatus.DONE,
    JobStatus.FAILED,
    JobStatus.CANCELLED,
)
ALLOWED = {(Q, R), (Q, C), (R, D), (R, F), (R, C), (R, Q), (D, Q), (F, Q), (C, Q)}


@pytest.mark.parametrize(("now", "then"), list(itertools.product(JobStatus, JobStatus)))
def test_only_these_ways_are_open(now: JobStatus, then: JobStatus) -> None:
    if (now, then) in ALLOWED:
        check_transition("x", now, then)
    else:
        with pytest.raises(JobStateError, match=f"x is {now} and can't become {then}"):
            check_transition("x", now, then)


def test_every_state_is_known() -> None:
    assert set(TRANSITIONS) == set(JobStatus)


@pytest.mark.parametrize("now", list(JobStatus))
def test_what_people_may_ask_for_follows_from_the_state(now: JobStatus) -> None:
    for check, allowed in ((check_cancel, {Q, R}), (check_retry, {F, C}), (check_remove, {D, F, C})):
        if now in allowed:
            check("x", now)
        else:
            with pytest.raises(JobStateError, match=f"x is {now}"):
                check("x", now)
