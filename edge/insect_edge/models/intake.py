"""Reads a bundle that somebody brings, a folder or an archive, without believing anything it says of sizes and paths.

Nothing is ever extracted by the names in an archive: of the files that a bundle has, so many bytes are read at most.
"""

from __future__ import annotations

import gzip
import lzma
import stat
import tarfile
import zipfile
import zlib
from functools import partial
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, cast

from insect_edge.errors import ModelError
from insect_edge.model_bundle import CARD_FILE, LABELS_FILE, MODEL_FILE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

SIGNATURE_FILE = "bundle.sig"
_MEBIBYTE = 1024 * 1024
LIMITS = {MODEL_FILE: 128 * _MEBIBYTE, CARD_FILE: 4 * _MEBIBYTE, LABELS_FILE: _MEBIBYTE, SIGNATURE_FILE: 4096}
"""Bytes of each file a bundle may have; the model of this program has four million."""
_OPTIONAL = frozenset({SIGNATURE_FILE})
_MOST_BYTES = 160 * _MEBIBYTE
"""Of all that an archive unpacks to."""
_MOST_MEMBERS = 1000
_ADVICE = "a bundle is a folder, a .zip or a .tar.gz with model.tflite, labels.txt and card.json"
_GZIP = b"\x1f\x8b"
_DAMAGED = (EOFError, zlib.error, lzma.LZMAError, tarfile.TarError, zipfile.BadZipFile, RuntimeError, ValueError)
"""What the libraries raise on archives that are cut off, encrypted, or made by an enemy."""

Piece = tuple[PurePosixPath, "Callable[[int], bytes]"]
"""A file's path, and what reads at most so many bytes of it."""


def read_bundle(path: Path) -> dict[str, bytes]:
    """The files of a bundle by name.

    Args:
        path: a folder, or a zip or tar archive with a bundle in it, at its top or in one folder.

    Raises:
        ModelError: when there is none in it, or it is too large.
    """
    try:
        if path.is_dir():
            return _collected(path, _in_folder(path))
        with path.open("rb") as file:
            return _collected(path, _in_zip(file) if zipfile.is_zipfile(file) else _in_tar(file))
    except FileNotFoundError as error:
        raise ModelError(f"{path}: no such file: check the path") from error
    except _DAMAGED as error:
        raise ModelError(f"{path}: no archive, or a damaged one ({error}): {_ADVICE}") from error
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror or error}): {_ADVICE}") from error


def _collected(path: Path, pieces: Iterable[Piece]) -> dict[str, bytes]:
    """The pieces that belong to the one bundle there is."""
    found: dict[PurePosixPath, bytes] = {}
    for place, read in pieces:
        limit = LIMITS.get(place.name)
        if limit is None:
            continue
        if place in found:
            raise ModelError(f"{path}: {place} is in it twice: make it again")
        found[place] = read(limit + 1)
        if len(found[place]) > limit:
            raise ModelError(f"{path}: {place} is larger than {limit} bytes: that is no model for a small board")
    folders = {place.parent for place in found if place.name == CARD_FILE}
    if len(folders) != 1:
        what = f"{len(folders)} bundles" if folders else f"no {CARD_FILE}"
        raise ModelError(f"{path}: {what} in it: {_ADVICE}")
    folder = folders.pop()
    bundle = {name: found[folder / name] for name in LIMITS if folder / name in found}
    if missing := LIMITS.keys() - bundle.keys() - _OPTIONAL:
        raise ModelError(f"{path}: {min(missing)} is missing: {_ADVICE}")
    return bundle


def _in_folder(folder: Path) -> Iterator[Piece]:
    for name in LIMITS:
        file = folder / name
        # A pipe or a device would be read for ever.
        if file.exists() and stat.S_ISREG(file.stat().st_mode):
            yield PurePosixPath(name), partial(_read_file, file)


def _in_zip(file: IO[bytes]) -> Iterator[Piece]:
    with zipfile.ZipFile(file) as archive:
        for member in archive.infolist()[:_MOST_MEMBERS]:
            if not member.is_dir():
                yield PurePosixPath(member.filename), partial(_read_member, archive, member)


def _in_tar(file: IO[bytes]) -> Iterator[Piece]:
    file.seek(0)
    packed = file.read(len(_GZIP)) == _GZIP
    file.seek(0)
    unpacked = cast("IO[bytes]", gzip.GzipFile(fileobj=file)) if packed else file
    # A stream, so that nothing behind the limit is ever unpacked, be it a member's or a header's.
    with tarfile.open(fileobj=cast("IO[bytes]", _Limited(unpacked)), mode="r|") as archive:
        for number, member in enumerate(archive):
            if number >= _MOST_MEMBERS:
                raise ValueError(f"more than {_MOST_MEMBERS} files")
            content = archive.extractfile(member) if member.isreg() else None
            if content is not None:
                yield PurePosixPath(member.name), content.read


def _read_file(path: Path, limit: int) -> bytes:
    with path.open("rb") as file:
        return file.read(limit)


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, limit: int) -> bytes:
    with archive.open(member) as file:
        return file.read(limit)


class _Limited:
    """A stream that ends with an error once too much came out of it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._left = _MOST_BYTES

    def read(self, count: int) -> bytes:
        """The next bytes.

        Raises:
            ValueError: when there were too many.
        """
        content = self._file.read(count)
        self._left -= len(content)
        if self._left < 0:
            raise ValueError(f"it unpacks to more than {_MOST_BYTES} bytes")
        return content
