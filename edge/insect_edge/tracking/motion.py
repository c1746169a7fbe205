"""Where an animal is going: a Kalman filter of place and speed along each axis.

The model is the correlated random walk in continuous time that is used for animals with transmitters (Johnson, London,
Lea & Durban 2008, *Ecology* 89: 1208-1215): the speed is kept for a while and forgotten after `persistence` seconds.
Over times much shorter than that it is the usual model of constant speed; over longer ones, such as between two frames
a few seconds apart or while an animal is out of sight, it does not run on for ever. All noise is in terms of seconds,
so it does not matter how many frames a second there are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Axis:
    """Place and speed along one axis, in frame widths and frame widths per second, with their covariances."""

    place: float
    speed: float
    place_variance: float
    covariance: float
    speed_variance: float

    def predicted(self, seconds: float, *, speed: float, persistence: float) -> Axis:
        """After that many seconds, at least 0.

        Args:
            seconds: how much later.
            speed: root mean square of an animal's, in frame widths per second.
            persistence: seconds after which the direction is forgotten.
        """
        kept = math.exp(-seconds / persistence)
        reach = persistence * (1 - kept)
        variance = speed * speed
        place_noise = 2 * variance * persistence * (seconds - 2 * reach + persistence * (1 - kept * kept) / 2)
        return Axis(
            self.place + reach * self.speed,
            kept * self.speed,
            self.place_variance + reach * (2 * self.covariance + reach * self.speed_variance) + place_noise,
            kept * (self.covariance + reach * self.speed_variance) + variance * persistence * (1 - kept) ** 2,
            kept * kept * self.speed_variance + variance * (1 - kept * kept),
        )

    def corrected(self, place: float, *, variance: float) -> Axis:
        """After its place was measured with that variance, more than 0."""
        error = place - self.place
        total = self.place_variance + variance
        gain, speed_gain = self.place_variance / total, self.covariance / total
        return Axis(
            self.place + gain * error,
            self.speed + speed_gain * error,
            (1 - gain) * self.place_variance,
            (1 - gain) * self.covariance,
            self.speed_variance - speed_gain * self.covariance,
        )


@dataclass(frozen=True, slots=True)
class Motion:
    """Both axes."""

    x: Axis
    y: Axis

    @classmethod
    def at(cls, x: float, y: float, *, variance: float, speed: float) -> Motion:
        """Of an animal just found, of which nobody knows yet which way it goes; `speed` as in `Axis.predicted`."""
        return cls(*(Axis(place, 0.0, variance, 0.0, speed * speed) for place in (x, y)))

    def predicted(self, seconds: float, *, speed: float, persistence: float) -> Motion:
        """See `Axis.predicted`."""
        return Motion(*(axis.predicted(seconds, speed=speed, persistence=persistence) for axis in (self.x, self.y)))

    def corrected(self, x: float, y: float, *, variance: float) -> Motion:
        """See `Axis.corrected`."""
        return Motion(self.x.corrected(x, variance=variance), self.y.corrected(y, variance=variance))

    def surprise(self, x: float, y: float, *, variance: float) -> float:
        """Squared distance of a measured place from this one, in standard deviations of their difference."""
        places = ((self.x, x), (self.y, y))
        return sum((place - axis.place) ** 2 / (axis.place_variance + variance) for axis, place in places)
