"""The picture of an invented recording: a night drive that never was, frame by frame."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from hypecut.chat.sample import PlantedMoment
from hypecut.media.counter import counter_area, draw_counter
from hypecut.media.sample_art import (
    PALETTES,
    Plane,
    Sprite,
    car,
    even,
    floor_colours,
    floor_masks,
    panorama,
)
from hypecut.media.sample_overlays import camera, clock_panel, moment_banner

BANNER_S = 6.0
"""How long a moment's banner is shown."""

_STAGE_S = 35.0
_LOOP_S = 0.8
_FLASH_S = 0.35
_SPARKS = 50
_RIVAL_EVERY_S = 5.0
_RIVAL_COLOURS = ((70, 200, 120), (240, 200, 60), (90, 140, 255))


class Planes(NamedTuple):
    """The three planes of a 4:2:0 frame, to be drawn into."""

    y: Plane
    u: Plane
    v: Plane


class _Stage(NamedTuple):
    sky: Sprite
    floor: tuple[Sprite, ...]


class GamePicture:
    """Draws any frame of the recording, into planes it is given.

    Args:
        width: even, in pixels.
        height: even, in pixels.
        fps: frames a second.
        moments: each shows as a flash, sparks and a banner.
        seed: another seed, other mountains and grain.
        grain: how strong the film grain is, 0 for none; it makes the video as hard to compress as a real one.
    """

    def __init__(
        self, width: int, height: int, fps: Fraction, moments: Sequence[PlantedMoment], seed: int, grain: int
    ) -> None:
        self._width, self._height, self._fps, self._seed = width, height, fps, seed
        self._moments = tuple(moments)
        self._horizon = even(height * 0.5)
        self._masks = floor_masks(width, height - self._horizon, max(1, round(fps * Fraction(_LOOP_S))))
        self._counter = counter_area(height)
        self._cameras = (camera(height, excited=False), camera(height, excited=True))
        self._car = car(round(width * 0.19), (226, 60, 90))
        rng = np.random.default_rng((seed, 4))
        self._grain = [
            rng.integers(0, grain + 1, (height, width), dtype=np.uint8) for _ in range(5 if grain else 0)
        ]
        self._sparks = rng.uniform((-1.0, -1.1, 0.0), (1.0, -0.2, 1.0), (_SPARKS, 3))
        self._stage = functools.cache(self._make_stage)
        self._banner = functools.cache(functools.partial(self._make_banner))
        self._clock = functools.lru_cache(2)(self._make_clock)
        self._rival = functools.cache(car)

    def draw(self, number: int, planes: Planes) -> None:
        """Draw frame `number` into `planes`."""
        time_s = float(number / self._fps)
        moment = self._moment_at(time_s)
        self._draw_game(number, time_s, planes)
        if moment:
            self._draw_moment(time_s - moment.at_s, moment, planes)
        self._draw_camera(time_s, moment is not None, planes)
        clock = self._clock(int(time_s))
        blit(planes, clock, self._width - clock.width, 0)
        if self._grain:
            np.add(planes.y, self._grain[number % len(self._grain)], out=planes.y)
        area = self._counter
        planes.u[: area.height // 2, : area.width // 2] = 128
        planes.v[: area.height // 2, : area.width // 2] = 128
        draw_counter(planes.y, number, area)

    def _make_stage(self, index: int) -> _Stage:
        palette = PALETTES[index]
        ly, lu, lv = floor_colours(palette)
        small = [mask[::2, ::2] for mask in self._masks]
        floor = tuple(Sprite(ly[m], lu[s], lv[s]) for m, s in zip(self._masks, small, strict=True))
        return _Stage(panorama(palette, self._width, self._horizon, self._seed + index), floor)

    def _make_banner(self, title: str) -> Sprite:
        return moment_banner(title, self._width, self._height)

    def _make_clock(self, second: int) -> Sprite:
        return clock_panel(second, self._height)

    def _moment_at(self, time_s: float) -> PlantedMoment | None:
        return next((m for m in self._moments if 0 <= time_s - m.at_s < BANNER_S), None)

    def _draw_game(self, number: int, time_s: float, planes: Planes) -> None:
        stage = self._stage(int(time_s / _STAGE_S) % len(PALETTES))
        width, horizon = self._width, self._horizon
        x = even(width * (0.5 + 0.32 * math.sin(time_s / 6.0)))
        planes.y[:horizon] = stage.sky.y[:, x : x + width]
        planes.u[: horizon // 2] = stage.sky.u[:, x // 2 : (x + width) // 2]
        planes.v[: horizon // 2] = stage.sky.v[:, x // 2 : (x + width) // 2]
        blit(planes, stage.floor[number % len(stage.floor)], 0, horizon)
        self._draw_rival(time_s, planes)
        sway = math.sin(time_s * 0.9) * 0.10 + math.sin(time_s * 2.3) * 0.03
        x = even(width * (0.5 + sway) - self._car.width / 2)
        blit(planes, self._car, x, even(self._height * 0.94) - self._car.height)

    def _draw_rival(self, time_s: float, planes: Planes) -> None:
        """Another car, overtaken again and again."""
        lap, passed_s = divmod(time_s, _RIVAL_EVERY_S)
        near = 1 / (1 + 9 * (1 - passed_s / _RIVAL_EVERY_S))
        side = 1 if int(lap) % 2 else -1
        size = max(8, even(self._width * 0.24 * near))
        rival = self._rival(size, _RIVAL_COLOURS[int(lap) % len(_RIVAL_COLOURS)])
        x = even(self._width * (0.5 + side * 0.36 * near) - size / 2)
        blit(planes, rival, x, even(self._horizon + (self._height - self._horizon) * near) - rival.height)

    def _draw_moment(self, since_s: float, moment: PlantedMoment, planes: Planes) -> None:
        if since_s < _FLASH_S:
            np.maximum(planes.y, int(235 * (1 - since_s / _FLASH_S)), out=planes.y)
        if since_s < 3.0:
            self._draw_sparks(since_s, planes)
        banner = self._banner(moment.title)
        slide = min(1.0, since_s / 0.3, (BANNER_S - since_s) / 0.3)
        x = even((self._width - banner.width) / 2 * slide - banner.width * (1 - slide))
        blit(planes, banner, x, even(self._height * 0.17))

    def _draw_sparks(self, since_s: float, planes: Planes) -> None:
        size = max(2, even(self._height / 60))
        for vx, vy, colour in self._sparks:
            x = even(self._width * (0.5 + vx * since_s * 0.4))
            y = even(self._height * (0.75 + vy * since_s * 0.7 + 0.25 * since_s * since_s))
            if 0 <= x < self._width - size and 0 <= y < self._height - size:
                planes.y[y : y + size, x : x + size] = 150 + int(80 * colour)
                planes.u[y // 2 : (y + size) // 2, x // 2 : (x + size) // 2] = 60 + int(130 * colour)
                planes.v[y // 2 : (y + size) // 2, x // 2 : (x + size) // 2] = 190 - int(90 * colour)

    def _draw_camera(self, time_s: float, excited: bool, planes: Planes) -> None:
        picture = self._cameras[excited]
        bob = even(abs(math.sin(time_s * 9)) * self._height / 60) if excited else 0
        x = self._width - picture.width - even(self._height / 40)
        blit(planes, picture, x, self._height - picture.height - even(self._height / 40) - bob)


def blit(planes: Planes, sprite: Sprite, x: int, y: int) -> None:
    """Draw `sprite` with its upper left corner at (`x`, `y`), both even; what lies outside is cut off."""
    height, width = planes.y.shape
    left, top = max(0, x), max(0, y)
    right, bottom = min(width, x + sprite.width), min(height, y + sprite.height)
    if right <= left or bottom <= top:
        return
    for plane, source, step in ((planes.y, sprite.y, 1), (planes.u, sprite.u, 2), (planes.v, sprite.v, 2)):
        target = plane[top // step : bottom // step, left // step : right // step]
        rows = slice((top - y) // step, (bottom - y) // step)
        columns = slice((left - x) // step, (right - x) // step)
        if sprite.alpha is None:
            target[:] = source[rows, columns]
        else:
            opaque = sprite.alpha[::step, ::step][rows, columns].astype(np.int32)
            behind = target.astype(np.int32)
            target[:] = behind + (source[rows, columns] - behind) * opaque // 255
