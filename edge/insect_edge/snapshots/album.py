"""Keeps a picture of each event on the disk: of its start, and in the end of its best view where that was better.

The folder is the only index: names say what is to be known, so it may be looked through, thinned out or emptied by hand
at any time. It is read when the program starts, and when the budget is used up. A disk that is full or fails costs
pictures, which are counted, and nothing else.
"""

from __future__ import annotations

import logging
import shutil
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from insect_edge.domain import Phase
from insect_edge.errors import ImageError
from insect_edge.portrait import portrait
from insect_edge.snapshots.keeping import surplus
from insect_edge.snapshots.picture import UNSET, named, picture_of, start_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from insect_edge.domain import Event, Frame
    from insect_edge.pipeline import StepResult
    from insect_edge.snapshots.picture import Picture

RISE = 0.05
"""A view whose score is higher by so much is worth a second write."""
THINNED = 0.95
"""What is left of the budget when room is made, so that it is made for a while."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlbumSettings:
    """Where and how much.

    Attributes:
        folder: for the pictures; made with the first one.
        max_bytes: of all pictures together; 0 for no pictures at all.
        min_free_bytes: on that disk; with less, nothing is stored.
    """

    folder: Path
    max_bytes: int
    min_free_bytes: int


@dataclass(slots=True)
class _View:
    """What an open event has: its picture on the disk, and a better one in memory."""

    stored: Picture | None = None
    held: tuple[Picture, bytes] | None = None


@dataclass(slots=True)
class _Due:
    """What happened since the last work."""

    seen: list[tuple[Event, Frame, float]] = field(default_factory=list)
    over: list[Event] = field(default_factory=list)
    dates: dict[str, str] = field(default_factory=dict)


class Album:
    """Owned by the one thread that looks.

    Args:
        settings: where and how much.
        encode: pixels of a frame → JPEG bytes; may raise ImageError.
        write: puts a file in place atomically; may raise OSError.

    Attributes:
        failed: pictures that could not be stored.
    """

    def __init__(
        self, settings: AlbumSettings, *, encode: Callable[[Frame], bytes], write: Callable[[Path, bytes], None]
    ) -> None:
        self._settings = settings
        self._encode = encode
        self._write = write
        self._views: dict[str, _View] = {}
        self._due = _Due()
        self._trouble = self._size = self._number = self.failed = 0
        if settings.max_bytes:
            self._guarded(self._count)

    def take(self, events: Sequence[Event], *, look: StepResult | None) -> None:
        """Note changes, and the frame that shows them where one does; nothing is encoded or written yet."""
        for event in events if self._settings.max_bytes else ():
            if event.corrects is not None:
                self._due.dates[event.event_id] = start_of(event)
            elif event.phase is Phase.END:
                self._due.over.append(event)
            elif look is not None and event.last_seen == look.frame.captured:
                self._due.seen.append((event, look.frame, look.view.score(event)))

    def work(self) -> None:
        """Store what was noted; costs nothing where nothing was."""
        due, self._due = self._due, _Due()
        for event, frame, score in due.seen:
            self._guarded(partial(self._show, event, frame=frame, score=score))
        for event in due.over:
            self._guarded(partial(self._end, event))
        if due.dates:
            self._guarded(partial(self._date, due.dates))

    def _show(self, event: Event, *, frame: Frame, score: float) -> None:
        """The first view is stored at once, so that a power cut leaves one; a better one waits for the end."""
        view = self._views.get(event.event_id)
        if view is None:
            # An event that began in an earlier process has its picture already.
            stored = None if event.phase is Phase.START else self._find(event)
            view = self._views[event.event_id] = _View(stored)
        best = view.held[0] if view.held else view.stored
        if best is not None and score < best.score + RISE:
            return
        jpeg = self._encode(portrait(frame, event.path))
        number = self._number + 1 if view.stored is None else view.stored.number
        picture = picture_of(event, number=number, score=score, size=len(jpeg))
        if view.stored is None:
            self._store(picture, jpeg)
            view.stored, self._number = picture, number
        else:
            view.held = picture, jpeg

    def _end(self, event: Event) -> None:
        view = self._views.pop(event.event_id, None)
        if view is None or view.held is None or view.stored is None:
            return
        picture, jpeg = view.held
        self._store(replace(picture, started=start_of(event)), jpeg)
        self._remove(view.stored)

    def _date(self, dates: dict[str, str]) -> None:
        """Name pictures by the times of their events, now that those are known."""
        for picture in [found for found in self._pictures() if found.started == UNSET and found.event in dates]:
            dated = replace(picture, started=dates[picture.event])
            (self._settings.folder / picture.name).rename(self._settings.folder / dated.name)
            for view in self._views.values():
                if view.stored == picture:
                    view.stored = dated

    def _store(self, picture: Picture, jpeg: bytes) -> None:
        """Make room and write; another picture of the same event stays as it is.

        Raises:
            OSError: when the disk has no room or fails.
            ImageError: when the budget does not even hold this one.
        """
        folder = self._settings.folder
        folder.mkdir(parents=True, exist_ok=True)
        if (free := shutil.disk_usage(folder).free) < self._settings.min_free_bytes + picture.size:
            raise ImageError(
                f"{folder}: {free / 2**20:.0f} MiB are free on the disk: free some space, or lower [snapshots] "
                f"min_free_bytes = {self._settings.min_free_bytes}"
            )
        if self._size + picture.size > self._settings.max_bytes:
            self._thin_out(picture)
        self._write(folder / picture.name, jpeg)
        self._size += picture.size
        if self._trouble:
            _log.info("snapshots are stored again; %d were not", self._trouble)
        self._trouble = 0

    def _thin_out(self, new: Picture) -> None:
        self._count()
        others = [picture for picture in self._pictures() if picture.event != new.event]
        given_up = surplus([*others, new], budget=int(self._settings.max_bytes * THINNED))
        if new in given_up:
            raise ImageError(
                f"{self._settings.folder}: a picture of {new.size} bytes does not fit: raise [snapshots] "
                f"max_bytes = {self._settings.max_bytes}"
            )
        for picture in given_up:
            self._remove(picture)

    def _remove(self, picture: Picture) -> None:
        (self._settings.folder / picture.name).unlink(missing_ok=True)
        self._size -= picture.size

    def _count(self) -> None:
        found = list(self._pictures())
        self._size = sum(picture.size for picture in found)
        self._number = max([self._number, *(picture.number for picture in found)])

    def _find(self, event: Event) -> Picture | None:
        return next((picture for picture in self._pictures() if picture.event == event.event_id), None)

    def _pictures(self) -> Iterator[Picture]:
        """What the folder holds; files with other names are none of ours, and somebody may be taking some away.

        Raises:
            OSError: when the folder cannot be read.
        """
        if not self._settings.folder.exists():
            return
        for path in self._settings.folder.iterdir():
            with suppress(FileNotFoundError):
                if (picture := named(path.name, size=0)) is not None:
                    yield replace(picture, size=path.stat().st_size)

    def _guarded(self, work: Callable[[], None]) -> None:
        """What fails is counted, and told once until a picture is stored again."""
        try:
            work()
        except (OSError, ImageError) as error:
            self.failed += 1
            self._trouble += 1
            if self._trouble == 1:
                _log.warning("no snapshot stored: %s", error)
