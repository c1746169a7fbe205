"""SQLite's write-ahead log as it lies on the disk, and what SQLite does not say of it (SQLite file format, 4).

Each frame of the log holds one page, and a checksum over itself and all before it. SQLite reads it up to the first
frame whose checksum does not hold, and takes that for the end: right where the power failed in a commit, which nobody
was told of. A bit turned over in the middle looks the same, and everything committed after it is gone without a word,
numbers that were given out too. Frames behind the end tell the two apart.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

_HEADER = struct.Struct(">8I")
"""Magic, version, page size, number of the checkpoint, two salts, two checksums."""
_FRAME = struct.Struct(">6I")
"""Page number; pages of the database for a commit, else 0; the two salts, two checksums."""
_LITTLE, _BIG = 0x377F0682, 0x377F0683
"""Magic numbers: in which byte order the checksums are computed."""
_CHECKED_HEADER, _CHECKED_FRAME = 24, 8
_PAGE_SIZE = 4096
"""Where the header does not tell."""
_GENERATIONS = 65_536
_WORD = 2**32


@dataclass(frozen=True, slots=True)
class _Frame:
    page: int
    commits: int
    salts: tuple[int, int]
    checksums: tuple[int, int]
    content: memoryview


@dataclass(frozen=True, slots=True)
class _Log:
    frames: tuple[_Frame, ...]
    salts: tuple[int, int]
    intact: int
    """Frames up to the first that is not as it was written."""


def lost_commits(path: Path) -> bool:
    """Whether SQLite would leave out what was committed, for the log at `path` is damaged before its end.

    A log that lost its end to the last byte cannot be told from one that never had it.

    Raises:
        OSError: when it cannot be read.
    """
    if not path.exists():
        return False
    log = _read(path.read_bytes())
    return any(
        (frame.commits and frame.salts == log.salts) or _is_foreign(frame, log) for frame in log.frames[log.intact :]
    )


def play(path: Path, database: Path) -> None:
    """Write every page of the log at `path` into a database, the damaged ones as well: the rows' checksums tell.

    Raises:
        OSError: when either cannot be read or written.
    """
    log = _read(path.read_bytes())
    commits = [number for number, frame in enumerate(log.frames) if frame.commits and frame.salts == log.salts]
    with database.open("r+b") as file:
        most = database.stat().st_size // _PAGE_SIZE + len(log.frames)
        for frame in log.frames[: max(commits, default=-1) + 1]:
            if 1 <= frame.page <= most:
                file.seek((frame.page - 1) * len(frame.content))
                file.write(frame.content)


def _is_foreign(frame: _Frame, log: _Log) -> bool:
    """Whether it is neither of this log nor left over from before a checkpoint, each of which adds 1 to the salt."""
    return frame.salts[0] != log.salts[0] and (log.salts[0] - frame.salts[0]) % _WORD > _GENERATIONS


def _read(content: bytes) -> _Log:
    if len(content) < _HEADER.size:
        return _Log((), (0, 0), 0)
    magic, _, page_size, _, *salts, first, second = _HEADER.unpack_from(content)
    order = "<u4" if magic == _LITTLE else ">u4"
    header = np.frombuffer(content, order, _CHECKED_HEADER // 4)[np.newaxis]
    whole = magic in {_LITTLE, _BIG} and next(_checksums(header, (0, 0))) == (first, second)
    frames = tuple(_frames(memoryview(content)[_HEADER.size :], page_size if whole else _PAGE_SIZE))
    if not frames or not whole:
        return _Log(frames, frames[0].salts if frames else (0, 0), 0)
    return _Log(frames, (salts[0], salts[1]), _intact(frames, (salts[0], salts[1]), (first, second), order))


def _frames(content: memoryview, page_size: int) -> Iterator[_Frame]:
    size = _FRAME.size + page_size
    for start in range(0, len(content) - size + 1, size):
        page, commits, *rest = _FRAME.unpack_from(content, start)
        yield _Frame(page, commits, (rest[0], rest[1]), (rest[2], rest[3]), content[start + _FRAME.size : start + size])


def _intact(frames: tuple[_Frame, ...], salts: tuple[int, int], seed: tuple[int, int], order: str) -> int:
    checked = (struct.pack(">2I", frame.page, frame.commits) + bytes(frame.content) for frame in frames)
    words = np.stack([np.frombuffer(each, order) for each in checked])
    for number, (frame, checksums) in enumerate(zip(frames, _checksums(words, seed), strict=True)):
        if frame.salts != salts or frame.checksums != checksums:
            return number
    return len(frames)


def _checksums(words: NDArray[np.uint32], seed: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """SQLite's checksum after each row of (rows, even number) words, begun with `seed`.

    It adds two words at a time: s0 += x0 + s1, then s1 += x1 + s0, modulo 2**32. That is linear, so what each row adds
    is one product with Fibonacci numbers, and a log of megabytes is a matter of milliseconds.
    """
    count = words.shape[1]
    fibonacci = [0, 1]
    while len(fibonacci) < count + 2:
        fibonacci.append((fibonacci[-1] + fibonacci[-2]) % _WORD)
    weights = np.array([fibonacci[count - 1 :: -1], fibonacci[count:0:-1]], np.uint32)
    s0, s1 = seed
    for first, second in (words.astype(np.uint32, copy=False) @ weights.T).tolist():
        s0, s1 = (
            (fibonacci[count - 1] * s0 + fibonacci[count] * s1 + first) % _WORD,
            (fibonacci[count] * s0 + fibonacci[count + 1] * s1 + second) % _WORD,
        )
        yield s0, s1
