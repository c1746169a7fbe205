"""Which photographs show the same motif: near-duplicates, also among a hundred thousand."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from insect_converter.dataset import Photograph

    Pairs = tuple[NDArray[np.int64], NDArray[np.int64]]

NEAR_DUPLICATE_BITS = 4
"""Pictures whose difference hashes differ in at most so many of 64 bits are taken for one motif without a look."""
CANDIDATE_BITS = 10
"""Those that differ in at most so many are looked at. Among 4,391 photographs of insects more than half of the true
near-duplicates differed in five to ten bits, and half of the pairs that differed in up to four only shared an even
background."""
LEAST_CORRELATION = 0.9
"""Of the thumbnails of one motif; the highest of a pair of those photographs that was none was 0.89."""
_LARGEST_DIFFERENCE = 2.0
"""Grey levels on average; pictures without any structure have no correlation."""
_BITS = 64
_PAIRS_AT_ONCE = 1 << 22


class Fingerprint(Protocol):
    """What tells pictures apart without their pixels."""

    @property
    def sha256(self) -> str:
        """Of the file, in hex."""

    @property
    def difference_hash(self) -> int:
        """64 bits; alike pictures have alike hashes."""

    @property
    def thumbnail(self) -> NDArray[np.uint8] | None:
        """(16, 16) uint8, grey, or None where the hash has to do."""


def near_duplicates(hashes: Sequence[int], *, thumbnails: Sequence[NDArray[np.uint8]] | None = None) -> list[int]:
    """For each picture the position of the first one of its group (its own where it is alone).

    Args:
        hashes: difference hashes.
        thumbnails: of the same pictures, as `pictures.thumbnail` makes them. With them more pairs are looked at and
            only those that look alike are joined.
    """
    if not hashes:
        return []
    values = np.array(hashes, dtype=np.uint64)
    owner = np.arange(len(values))
    if thumbnails is None:
        pairs = _near_pairs(values, bits=NEAR_DUPLICATE_BITS)
    else:
        looks = np.array([picture.ravel() for picture in thumbnails], dtype=np.float32)
        pairs = (_alike(looks, *pair) for pair in _near_pairs(values, bits=CANDIDATE_BITS))
    for first, second in pairs:
        _join(owner, first, second)
    return cast("list[int]", _roots(owner).tolist())


def alike(prints: Sequence[Fingerprint]) -> list[int]:
    """The same for pictures; by their hashes alone unless all have thumbnails."""
    thumbnails = [picture.thumbnail for picture in prints if picture.thumbnail is not None]
    return near_duplicates(
        [picture.difference_hash for picture in prints],
        thumbnails=thumbnails if len(thumbnails) == len(prints) else None,
    )


def joined(*, near: Sequence[int], names: Sequence[str | None]) -> list[int]:
    """Groups by likeness and by name in one: for each photograph the position of the first one of its group.

    Args:
        near: what `near_duplicates` returned.
        names: of the group that each photograph is said to belong to, for instance a trap and a night.
    """
    owner = np.array(near, dtype=np.int64)
    first_of: dict[str, int] = {}
    links = [(first_of.setdefault(name, position), position) for position, name in enumerate(names) if name is not None]
    pairs = np.array(links, dtype=np.int64).reshape(-1, 2)
    _join(owner, pairs[:, 0], pairs[:, 1])
    return cast("list[int]", _roots(owner).tolist())


def groups(photographs: Sequence[Photograph | None], *, near: Sequence[int]) -> list[list[Photograph]]:
    """Photographs in groups, near-duplicates and named ones; most groups have one member.

    Args:
        photographs: in any order; None in the place of one that is left out.
        near: what `alike` returned for them.
    """
    found: dict[int, list[Photograph]] = {}
    first_of = joined(near=near, names=[photograph.group if photograph else None for photograph in photographs])
    for photograph, first in zip(photographs, first_of, strict=True):
        if photograph is not None:
            found.setdefault(first, []).append(photograph)
    return list(found.values())


def _near_pairs(values: NDArray[np.uint64], *, bits: int) -> Iterator[Pairs]:
    """Positions of all pairs at most `bits` apart; some pairs come several times.

    Two hashes that differ in at most n bits agree in at least one of n + 1 bands of their bits, so only those that
    share a band are compared (multi-index hashing: Norouzi, Punjani and Fleet, CVPR 2012).
    """
    edges = np.linspace(0, _BITS, bits + 2).round().astype(int).tolist()
    for start, end in itertools.pairwise(edges):
        band = (values >> np.uint64(start)) & np.uint64((1 << (end - start)) - 1)
        order = np.argsort(band, kind="stable")
        borders = np.flatnonzero(np.diff(band[order])) + 1
        for bucket in np.split(order, borders):
            yield from _pairs_within(values, bucket, bits=bits)


def _pairs_within(values: NDArray[np.uint64], bucket: NDArray[np.int64], *, bits: int) -> Iterator[Pairs]:
    """Positions of the pairs of one bucket, a block of rows against everything behind it at a time."""
    if len(bucket) == 1:
        return
    own = values[bucket]
    rows = max(1, _PAIRS_AT_ONCE // len(bucket))
    for start in range(0, len(bucket), rows):
        apart = _bit_counts(own[start : start + rows, None] ^ own[None, start:])
        first, second = np.nonzero(apart <= bits)
        later = second > first
        if later.any():
            yield bucket[start + first[later]], bucket[start + second[later]]


def _alike(looks: NDArray[np.float32], first: NDArray[np.int64], second: NDArray[np.int64]) -> Pairs:
    """Those of the pairs whose thumbnails look alike."""
    one, other = looks[first], looks[second]
    same = np.abs(one - other).mean(axis=1) <= _LARGEST_DIFFERENCE
    one, other = (look - look.mean(axis=1, keepdims=True) for look in (one, other))
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    same |= np.einsum("ij,ij->i", one, other) >= LEAST_CORRELATION * np.maximum(lengths, 1)
    return first[same], second[same]


def _join(owner: NDArray[np.int64], first: NDArray[np.int64], second: NDArray[np.int64]) -> None:
    """Make each pair one group, all at once: the smaller root becomes the larger one's owner until nothing changes."""
    while len(first):
        owner[:] = _roots(owner)
        one, other = owner[first], owner[second]
        apart = one != other
        first, second = first[apart], second[apart]
        np.minimum.at(owner, np.maximum(one, other)[apart], np.minimum(one, other)[apart])


def _roots(owner: NDArray[np.int64]) -> NDArray[np.int64]:
    """Everybody's last owner; halves the way there at each step."""
    while not np.array_equal(following := owner[owner], owner):
        owner = following
    return owner


def _table_counts(values: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """Set bits by a table of octets, for numpy 1."""
    octets = np.ascontiguousarray(values)[..., None].view(np.uint8)
    counts: NDArray[np.uint8] = _OCTET_BITS[octets].sum(axis=-1, dtype=np.uint8)
    return counts


_OCTET_BITS = np.array([value.bit_count() for value in range(256)], dtype=np.uint8)
_bit_counts: Callable[[Any], NDArray[np.uint8]] = getattr(np, "bitwise_count", _table_counts)
