"""Look into every photograph once: is it whole, how large, and what tells it from the others."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from insect_converter.pictures import difference_hash, thumbnail
from insect_converter.prepare.findings import Kind
from insect_edge.adapters.pictures import decode_picture, read_picture_bytes
from insect_edge.errors import ImageError
from insect_edge.picture_header import read_header

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a readable picture without its pixels.

    Attributes:
        sha256: of the file, in hex.
        difference_hash: 64 bits.
        thumbnail: (16, 16) uint8, grey.
        width: pixels, upright.
        height: the same.
        format: what its content is, `JPEG` for instance, or empty for the rarer ones.
    """

    sha256: str
    difference_hash: int
    thumbnail: NDArray[np.uint8]
    width: int
    height: int
    format: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why a picture cannot be used.

    Attributes:
        kind: unreadable or truncated.
        reason: one line.
    """

    kind: Kind
    reason: str


def inspect(
    paths: Iterable[Path], *, on_each: Callable[[], object] = lambda: None
) -> tuple[dict[Path, Facts], dict[Path, Trouble]]:
    """Look into each picture, several at once.

    Args:
        paths: of the pictures; a path that is there twice is read once.
        on_each: called after each, for a progress bar.

    Returns:
        The facts by path, and by path what is wrong with the others.
    """
    facts: dict[Path, Facts] = {}
    troubles: dict[Path, Trouble] = {}
    # OpenCV and hashlib let other threads run while they work.
    pool = ThreadPoolExecutor(max_workers=os.cpu_count())
    try:
        different = list(dict.fromkeys(paths))
        for path, outcome in zip(different, pool.map(look, different), strict=True):
            if isinstance(outcome, Trouble):
                troubles[path] = outcome
            else:
                facts[path] = outcome
            on_each()
    finally:
        pool.shutdown(cancel_futures=True)
    return facts, troubles


def look(path: Path) -> Facts | Trouble:
    """The facts of one picture, or what is wrong with it."""
    try:
        data = read_picture_bytes(path)
    except ImageError as error:
        return Trouble(kind=Kind.UNREADABLE, reason=str(error))
    header = read_header(data)
    try:
        pixels = decode_picture(data, name=str(path))
    except ImageError as error:
        cut = header is not None and not header.complete
        return Trouble(kind=Kind.TRUNCATED if cut else Kind.UNREADABLE, reason=str(error))
    return Facts(
        sha256=hashlib.sha256(data).hexdigest(),
        difference_hash=difference_hash(pixels),
        thumbnail=thumbnail(pixels),
        width=pixels.shape[1],
        height=pixels.shape[0],
        format=header.format if header else "",
    )


def absent(paths: Iterable[Path]) -> set[Path]:
    """Which files are not there; each folder is listed once, so that a hundred thousand take a second."""
    listed: dict[Path, frozenset[str]] = {}
    missing = set()
    for path in paths:
        if path.parent not in listed:
            listed[path.parent] = _listing(path.parent)
        if path.name not in listed[path.parent]:
            missing.add(path)
    return missing


def _listing(folder: Path) -> frozenset[str]:
    try:
        return frozenset(os.listdir(folder))  # noqa: PTH208 - names are all that is wanted
    except (FileNotFoundError, NotADirectoryError):
        return frozenset()
