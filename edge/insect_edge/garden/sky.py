"""The light on a wide scene: shadows of clouds, dusk and dawn, and what the camera makes of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from insect_edge.garden.nuisances import Nuisance

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ROWS = 36
"""Of the map of the light: edges of shadows that are cast from so high are soft."""
_FIELD_FRAMES = 4
"""Widths and heights of the frame after which the clouds come round again."""
_DRIFT = (0.05, 0.017)
"""Of the clouds, in frame widths (to the right) and heights (down) a second."""
_SHADE = 0.42
"""What the thickest cloud takes of the light."""
_BRIGHTEST = 1.25
"""Light that the map can hold."""
_DAY_SECONDS = 3600.0
_DUSK_BEGINS, _DUSK_ENDS, _DAWN_BEGINS, _DAWN_ENDS = 1500.0, 2100.0, 2400.0, 3000.0
_NIGHT_STOPS = 3.5
_MADE_UP = 0.85
"""Share of the missing light that the camera makes up for."""
_STEP_STOPS = 1 / 6
_NOISE_PER_STOP = 0.6
"""How much stronger noise gets with every stop of gain, in its strength by day."""
_SECOND_THOUGHTS_SECONDS = 120.0
_SECOND_THOUGHTS_STOPS = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """How bright the whole picture is.

    Attributes:
        light: 1 by day.
        noise: strength of the sensor's noise, 1 by day.
    """

    light: float
    noise: float


class Sky:
    """The light at any moment.

    Args:
        width: of the frames, in pixels.
        height: of the frames, in pixels.
        seed: of everything random.
        nuisances: which of clouds, dusk and exposure there are.
    """

    def __init__(self, *, width: int, height: int, seed: int, nuisances: frozenset[Nuisance]) -> None:
        self._size = (width, height)
        self._seed = seed
        self._nuisances = nuisances
        columns = max(2, round(_ROWS * width / height))
        self._window = (columns, _ROWS)
        self._field: NDArray[np.float32] | None = None
        if Nuisance.CLOUDS in nuisances:
            self._field = _clouds(columns=columns, generator=np.random.default_rng([seed, 23]))

    def exposure(self, seconds: float) -> Exposure:
        """How bright the picture is as a whole at that moment."""
        stops, gain = 0.0, 0.0
        if Nuisance.DUSK in self._nuisances:
            missing = _NIGHT_STOPS * night(seconds)
            gain = _STEP_STOPS * math.floor(missing * _MADE_UP / _STEP_STOPS)
            stops += gain - missing
        if Nuisance.EXPOSURE in self._nuisances:
            generator = np.random.default_rng([self._seed, 29, math.floor(seconds / _SECOND_THOUGHTS_SECONDS)])
            stops += float(generator.uniform(-_SECOND_THOUGHTS_STOPS, _SECOND_THOUGHTS_STOPS))
        return Exposure(light=2.0**stops, noise=1 + _NOISE_PER_STOP * gain)

    def shine(self, frame: NDArray[np.uint8], *, seconds: float, light: float) -> None:
        """Put the frame into the light of that moment, in place; `light` is that of the whole picture."""
        if self._field is None:
            if light != 1:
                cv2.convertScaleAbs(frame, dst=frame, alpha=light)
            return
        columns, rows = self._window
        across = (_DRIFT[0] * seconds * columns) % (columns * _FIELD_FRAMES)
        down = (_DRIFT[1] * seconds * rows) % (rows * _FIELD_FRAMES)
        # Clouds go right and down, so the window goes left and up.
        centre = (columns * (_FIELD_FRAMES + 0.5) - across, rows * (_FIELD_FRAMES + 0.5) - down)
        part = cv2.getRectSubPix(self._field, self._window, centre) * (255 / _BRIGHTEST)
        small = cv2.cvtColor(np.clip(part, 0, 255).astype(np.uint8), cv2.COLOR_GRAY2BGR)
        spread = cv2.resize(small, self._size, interpolation=cv2.INTER_LINEAR)
        cv2.multiply(frame, spread, dst=frame, scale=light * _BRIGHTEST / 255)


def night(seconds: float) -> float:
    """How dark it is at that moment: 0 by day, 1 at night; dusk and dawn take ten minutes each."""
    within = seconds % _DAY_SECONDS
    fallen = (within - _DUSK_BEGINS) / (_DUSK_ENDS - _DUSK_BEGINS)
    risen = (within - _DAWN_BEGINS) / (_DAWN_ENDS - _DAWN_BEGINS)
    share = min(max(fallen, 0.0), 1.0) - min(max(risen, 0.0), 1.0)
    return share * share * (3 - 2 * share)


def _clouds(*, columns: int, generator: np.random.Generator) -> NDArray[np.float32]:
    """Light under clouds that come round again, and the first frame of them once more beyond right and below."""
    shape = (_ROWS * _FIELD_FRAMES, columns * _FIELD_FRAMES)
    noise = np.fft.rfft2(generator.standard_normal(shape))
    down, across = np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])[None, :]
    # Smoothed over a quarter of the frame, in the frequencies, where the edges are no edges.
    width = _ROWS / 4
    field = np.fft.irfft2(noise * np.exp(-2 * (math.pi * width) ** 2 * (down**2 + across**2)), shape)
    field /= field.std()
    shade = np.clip(2.5 * (field - 0.2), 0, 1)
    light = (1.05 - _SHADE * shade).astype(np.float32)
    return np.pad(light, ((0, _ROWS), (0, columns)), mode="wrap")
