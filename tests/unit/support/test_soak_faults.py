"""What a soak does to its traps follows from its seed, and covers everything."""

from __future__ import annotations

from itertools import pairwise
from random import Random

from insect_edge.adapters.simulated import fault as camera_fault
from support.soak.damage import damaged
from support.soak.faults import CAMERA, PROFILES, Fault, camera_faults, drawn
from support.soak.inflict import KNOWN


def seeded(seed: int) -> Random:
    """What draws."""
    return Random(seed)  # noqa: S311 # faults, not secrets


def test_every_fault_is_drawn_by_some_trap_and_can_be_inflicted() -> None:
    """Those of the camera come from its configuration."""
    weighed = {fault for profile in PROFILES for fault in profile.weights}
    assert weighed == set(KNOWN) == set(Fault) - CAMERA.keys()


def test_the_same_seed_draws_the_same_faults() -> None:
    """And another one others."""
    weights = PROFILES[0].weights
    first, again, other = ([drawn(random, weights) for _ in range(50)] for random in map(seeded, (1, 1, 2)))
    assert first == again != other


def test_faults_of_the_camera_last_longer_than_the_patience_with_it() -> None:
    """Each is one that the simulated camera knows, and they do not overlap."""
    found = [camera_fault(text) for text in camera_faults(seeded(3), until=300, pause=(5, 10), stall_seconds=3)]
    assert len(found) > 10
    assert {each.kind.value for each in found} == set(CAMERA.values())
    for each, following in pairwise(found):
        assert each.last is not None
        assert each.last - each.first > 2 * 3 * 30
        assert following.first > each.last


def test_damage_is_never_nothing_and_never_longer() -> None:
    """Bits, sectors or the end of a file."""
    random, content = seeded(4), bytes(range(256)) * 64
    for _ in range(100):
        spoilt = damaged(content, random=random, whole=False)
        assert spoilt != content
        assert len(spoilt) <= len(content)
        assert len(damaged(content, random=random, whole=True)) == len(content)
    assert damaged(b"", random=random, whole=True) == b""
