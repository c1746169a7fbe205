"""Features on disk, by what is in the picture file: a second look at the same photographs takes seconds."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

import numpy as np

from insect_converter import progress
from insect_converter.suspects import files

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """What is kept of one photograph.

    Attributes:
        vector: (features,) float16, of the backbone; half precision is a ten-thousandth of what tells photographs
            apart, and half the file.
        difference_hash: 64 bits; see `pictures.difference_hash`.
    """

    vector: NDArray[np.float16]
    difference_hash: int


class FeatureStore:
    """Features by the SHA-256 of their photographs' files, of one backbone and one way of looking."""

    def __init__(self, path: Path, *, key: str) -> None:
        """Read what is there.

        Args:
            path: of the file, `.npz`; it need not exist.
            key: names the backbone and the way of looking; what another one computed is not used.
        """
        self._path = path
        self._key = key
        self._known = self._read()
        self._unsaved = 0

    def get(self, sha256: str) -> Features | None:
        """The features of a file, or None where they are not known."""
        return self._known.get(sha256)

    def put(self, sha256: str, features: Features) -> None:
        """Remember; on disk with the next `save`."""
        self._known[sha256] = features
        self._unsaved += 1

    @property
    def unsaved(self) -> int:
        """How many photographs' features would be lost now."""
        return self._unsaved

    def save(self) -> None:
        """Write all, whole or not at all; nothing where nothing is new.

        Raises:
            OSError: when the disk refuses.
        """
        if not self._unsaved:
            return
        with files.whole(self._path) as file:
            self._write(file)
        self._unsaved = 0

    def _write(self, file: IO[bytes]) -> None:
        found = list(self._known.values())
        np.savez(
            file,
            key=np.array(self._key),
            sha256=np.array(list(self._known)),
            difference_hash=np.array([features.difference_hash for features in found], dtype=np.uint64),
            vectors=np.stack([features.vector for features in found]),
        )

    def _read(self) -> dict[str, Features]:
        if not self._path.exists():
            return {}
        try:
            # Opened here, since numpy leaves a file open that turns out to be damaged.
            with self._path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
                if str(file["key"]) != self._key:
                    progress.say(f"{self._path}: of another backbone: computing the features again")
                    return {}
                rows = zip(file["sha256"].tolist(), file["vectors"], file["difference_hash"].tolist(), strict=True)
                return {sha256: Features(vector=vector, difference_hash=bits) for sha256, vector, bits in rows}
        except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            progress.say(f"{self._path}: damaged ({error}): computing the features again")
            return {}
