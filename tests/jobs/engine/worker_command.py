"""`hypecut worker` as it is, but for the pipelines, which are the toy ones."""

from __future__ import annotations

from functools import partial

from hypecut.cli.main import main
from hypecut.jobs.engine import apart, durable
from tests.jobs.engine import toy

if __name__ == "__main__":
    apart.ChildRunner = partial(apart.ChildRunner, "tests.jobs.engine.toy:PIPELINES")  # type: ignore[misc, assignment]
    durable.DurableEngine = partial(durable.DurableEngine, pipelines=toy.PIPELINES)  # type: ignore[misc, assignment]
    main(["worker"])
