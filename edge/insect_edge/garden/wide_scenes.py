"""The wide scenes there are, by name."""

from __future__ import annotations

from dataclasses import dataclass

from insect_edge.garden.arrivals import Comings
from insect_edge.garden.nuisances import Nuisance

MOST_ANIMALS = 8
_BED = ("ants", "beetle", "caterpillar", "grasshopper", "snail", "wasp")
_SHEET = ("moth", "moth", "moth", "moth", "beetle", "earwig")


@dataclass(frozen=True, slots=True, kw_only=True)
class WideScene:
    """What happens and where.

    Attributes:
        ground: a name in `wide_ground.WIDE_GROUNDS`.
        comings: who comes when.
        nuisances: what disturbs the view.
    """

    ground: str
    comings: Comings
    nuisances: frozenset[Nuisance] = frozenset(Nuisance)


WIDE_SCENES: dict[str, WideScene] = {
    "bed": WideScene(ground="bed", comings=Comings(labels=_BED, places=MOST_ANIMALS)),
    **{
        f"bed-{places}": WideScene(ground="bed", comings=Comings(labels=_BED, places=places))
        for places in range(1, MOST_ANIMALS + 1)
    },
    "windy": WideScene(ground="bed", comings=Comings(labels=_BED, places=0)),
    "still": WideScene(ground="bed", comings=Comings(labels=_BED, places=0), nuisances=frozenset({Nuisance.NOISE})),
    "sheet": WideScene(
        ground="sheet",
        comings=Comings(labels=_SHEET, places=12, cycle=1200.0, sizes=(0.02, 0.05), settled=True),
        nuisances=frozenset({Nuisance.NOISE}),
    ),
}
