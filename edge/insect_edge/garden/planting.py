"""Any scene by its name, as the configuration says it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from insect_edge.errors import ConfigError
from insect_edge.garden.scene import SCENES, Garden
from insect_edge.garden.wide import WideGarden
from insect_edge.garden.wide_scenes import WIDE_SCENES, WideScene

if TYPE_CHECKING:
    from collections.abc import Iterable

    from insect_edge.garden.nuisances import Nuisance


@dataclass(frozen=True, slots=True, kw_only=True)
class Planting:
    """A scene and what is different about it; what is left out is as the scene has it.

    Attributes:
        scene: a name in `scene.SCENES` or `wide_scenes.WIDE_SCENES`.
        animals: how many there are at once at most; wide scenes only.
        size: length of every animal, as a share of the frame's width; wide scenes only.
        nuisances: what disturbs the view; wide scenes only.
    """

    scene: str
    animals: int | None = None
    size: float | None = None
    nuisances: frozenset[Nuisance] | None = None

    @classmethod
    def of(
        cls,
        scene: str,
        *,
        animals: int | None = None,
        size: float | None = None,
        nuisances: Iterable[Nuisance] | None = None,
    ) -> Planting:
        """As the configuration says it.

        Raises:
            ConfigError: when there is no such scene, or it does not have what is asked for.
        """
        if scene not in SCENES and scene not in WIDE_SCENES:
            names = ", ".join(sorted(SCENES | WIDE_SCENES))
            raise ConfigError(f"[camera.simulated] scene = {scene!r}: no such scene: one of {names}")
        asked = {"animals": animals, "size": size, "nuisances": nuisances}
        for key, value in asked.items():
            if value is not None and scene not in WIDE_SCENES:
                wide = ", ".join(sorted(WIDE_SCENES))
                raise ConfigError(
                    f"[camera.simulated] {key}: the scene {scene!r} has one animal at a time: leave {key} out, or "
                    f"choose one of {wide}"
                )
        chosen = None if nuisances is None else frozenset(nuisances)
        return cls(scene=scene, animals=animals, size=size, nuisances=chosen)

    def garden(self, *, seed: int, width: int, height: int, frames_per_second: float) -> Garden | WideGarden:
        """Drawn, in a second or so."""
        if self.scene in SCENES:
            return Garden(
                SCENES[self.scene], seed=seed, width=width, height=height, frames_per_second=frames_per_second
            )
        return WideGarden(self._wide(), seed=seed, width=width, height=height, frames_per_second=frames_per_second)

    def _wide(self) -> WideScene:
        scene = WIDE_SCENES[self.scene]
        comings = scene.comings
        if self.animals is not None:
            comings = replace(comings, places=self.animals)
        if self.size is not None:
            comings = replace(comings, sizes=(self.size, self.size))
        nuisances = scene.nuisances if self.nuisances is None else self.nuisances
        return replace(scene, comings=comings, nuisances=nuisances)
