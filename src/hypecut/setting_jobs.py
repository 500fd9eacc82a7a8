"""The settings of durable jobs and their workers."""

from __future__ import annotations

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from hypecut.setting_kinds import Seconds


class JobSettings(BaseSettings):
    """Where jobs are kept, and how they are run."""

    database_url: SecretStr = Field(
        default=SecretStr(""),
        description=(
            "Where jobs are kept: `sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/NAME`; if empty, a"
            " file in `data_dir`."
        ),
    )
    keep_jobs_days: float = Field(
        default=90.0,
        ge=0,
        le=36_500,
        allow_inf_nan=False,
        description="Finished jobs are forgotten after so many days (their files stay); 0 keeps them.",
    )
    worker_memory_mb: int = Field(
        default=0,
        ge=0,
        le=1_000_000,
        description="The most memory, in megabytes, that rendering may take; 0 sets no limit.",
    )
    worker_grace_s: Seconds = Field(
        default=20.0,
        ge=0,
        le=86_400,
        description="How long a worker that is stopped lets its jobs go on before it hands them back.",
    )
    worker_lost_s: Seconds = Field(
        default=45.0,
        ge=1,
        le=45,
        description=(
            "A worker that can't reach the database for so long stops what it runs and ends: others take its"
            " jobs over after 60 s."
        ),
    )
