"""One picture of each event stays on the disk, whatever the disk does."""

from __future__ import annotations

import errno
import logging
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from insect_edge.adapters.picture_writer import put_in_place
from insect_edge.domain import Category, Classification, Event, Frame, Moment, Phase, Region
from insect_edge.errors import ImageError
from insect_edge.pipeline import StepResult
from insect_edge.sight.seen import View
from insect_edge.snapshots.album import Album, AlbumSettings
from insect_edge.snapshots.picture import Picture, named
from support import changes

if TYPE_CHECKING:
    from pathlib import Path

AT = Moment(monotonic=10.0, utc=datetime(2026, 6, 1, 12, tzinfo=UTC), clock_synced=True)
UNSET = replace(AT, utc=datetime(1970, 1, 1, tzinfo=UTC), clock_synced=False)
SIZE = 100


def event(number: int = 1, *, at: Moment = AT, **facts: Any) -> Event:
    """A change of event `number`."""
    return replace(replace(changes.event(number), started=at, last_seen=at, at=at), **facts)


def look(score: float = 0.6, *, at: Moment = AT, label: str = "slug") -> StepResult:
    """A frame that shows the label."""
    named_label = replace(changes.LABEL, name=label)
    result = Classification(
        categories=(Category(label=named_label, score=score),), verdict=None, region=Region.whole(), inference_ms=1.0
    )
    frame = Frame(pixels=np.zeros((8, 8, 3), dtype=np.uint8), captured=at, sequence=round(score * 100))
    return StepResult(frame=frame, view=View(classification=result), events=())


class Disk:
    """A folder that counts what is written into it, and fails on demand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.writes = 0
        self.error: int | None = None

    def album(self, *, max_bytes: int = 10_000, min_free_bytes: int = 0) -> Album:
        """What a process that has just started has."""
        settings = AlbumSettings(folder=self.folder, max_bytes=max_bytes, min_free_bytes=min_free_bytes)
        return Album(settings, encode=lambda frame: b"%100d" % frame.sequence, write=self.write)

    def write(self, path: Path, data: bytes) -> None:
        """As the real one does, or not."""
        if self.error is not None:
            raise OSError(self.error, "no room")
        self.writes += 1
        put_in_place(path, data)

    def pictures(self) -> list[Picture]:
        """What there is, in the order of numbers."""
        paths = self.folder.iterdir() if self.folder.exists() else ()
        found = [named(path.name, size=path.stat().st_size) for path in sorted(paths)]
        return [picture for picture in found if picture is not None]


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    """An empty one."""
    return Disk(tmp_path / "snapshots")


def told(album: Album, *events: Event, seen: StepResult | None = None) -> None:
    """One round of the daemon."""
    album.take(events, look=seen)
    album.work()


def test_a_picture_is_there_from_the_start_on(disk: Disk) -> None:
    """A power cut in an event leaves its first view, with label, score, time and event in the name."""
    told(disk.album(), event(), seen=look(0.6))
    assert disk.pictures() == [
        Picture(number=1, started="20260601T120000Z", label="slug", score=0.6, event="event-1", size=SIZE)
    ]


def test_the_best_view_takes_its_place_in_the_end(disk: Disk) -> None:
    """However many better views an event has, it costs two writes, and leaves one picture: the best."""
    album = disk.album()
    told(album, event(), seen=look(0.6))
    for score in (0.63, 0.7, 0.9, 0.8):
        told(album, event(phase=Phase.UPDATE), seen=look(score))
    assert [picture.score for picture in disk.pictures()] == [0.6]
    told(album, event(phase=Phase.END))
    (left,) = disk.pictures()
    assert (left.number, left.score) == (1, 0.9)
    assert (disk.folder / left.name).read_bytes() == b"%100d" % 90
    assert disk.writes == 2


def test_a_view_that_is_hardly_better_costs_no_write(disk: Disk) -> None:
    """A score that rose by less than is told at once leaves the first picture as it is."""
    album = disk.album()
    told(album, event(), seen=look(0.6))
    told(album, event(phase=Phase.UPDATE), seen=look(0.64))
    told(album, event(phase=Phase.END))
    assert ([one.score for one in disk.pictures()], disk.writes) == ([0.6], 1)


def test_a_better_view_pushes_out_only_its_own_first_one(disk: Disk) -> None:
    """Where the budget has room for one picture of each event, both events keep theirs."""
    album = disk.album(max_bytes=250)
    told(album, event(1), seen=look(0.6))
    told(album, event(1, phase=Phase.END))
    told(album, event(2), seen=look(0.6))
    told(album, event(2, phase=Phase.UPDATE), seen=look(0.9))
    told(album, event(2, phase=Phase.END))
    assert [(one.event, one.score) for one in disk.pictures()] == [("event-1", 0.6), ("event-2", 0.9)]


def test_nothing_is_touched_while_nothing_happens(disk: Disk) -> None:
    """Frames without a change, ends and updates that show no better view: no write, not even a folder."""
    album = disk.album()
    for _ in range(3):
        told(album, seen=look(0.9))
    assert not disk.folder.exists()
    told(album, event(), seen=look(0.9))
    told(album, event(phase=Phase.UPDATE, last_seen=replace(AT, monotonic=9.0)), seen=look(1.0))
    told(album, event(phase=Phase.END), seen=look(1.0))
    assert disk.writes == 1


def test_a_restart_goes_on_with_the_folder(disk: Disk) -> None:
    """An event that goes on keeps its one picture, numbers go on, and what is in the way is left alone."""
    told(disk.album(), event(1), seen=look(0.6))
    (disk.folder / "holiday.jpg").write_bytes(b"sun")
    after = disk.album()
    told(after, event(1, phase=Phase.UPDATE), seen=look(0.9))
    told(after, event(1, phase=Phase.END), event(2), seen=look(0.7))
    assert [(one.number, one.event, one.score) for one in disk.pictures()] == [(1, "event-1", 0.9), (2, "event-2", 0.7)]
    assert (disk.folder / "holiday.jpg").exists()


def test_the_budget_holds_over_restarts_and_every_label_keeps_some(disk: Disk) -> None:
    """However many events come, the folder stays within the budget, and the rare label is still in it."""
    told(disk.album(max_bytes=1000), event(0, label="earwig"), seen=look(0.3, label="earwig"))
    album = disk.album(max_bytes=1000)
    for number in range(1, 60):
        album = album if number % 7 else disk.album(max_bytes=1000)
        told(album, event(number), seen=look(0.5))
        told(album, event(number, phase=Phase.END))
        assert sum(one.size for one in disk.pictures()) <= 1000
    left = disk.pictures()
    assert [one.label for one in left].count("earwig") == 1
    assert len(left) >= 8
    assert left[-1].event == "event-59"


def test_a_full_disk_costs_pictures_and_is_told_once(disk: Disk, caplog: pytest.LogCaptureFixture) -> None:
    """Each picture that could not be stored is counted, the log has one line, and one more once it goes well."""
    caplog.set_level(logging.INFO)
    album = disk.album()
    disk.error = errno.ENOSPC
    for number in range(3):
        told(album, event(number), seen=look())
        told(album, event(number, phase=Phase.END))
    assert (album.failed, disk.pictures()) == (3, [])
    disk.error = None
    told(album, event(4), seen=look())
    assert [one.event for one in disk.pictures()] == ["event-4"]
    assert [record.getMessage() for record in caplog.records] == [
        "no snapshot stored: [Errno 28] no room",
        "snapshots are stored again; 3 were not",
    ]


def test_a_view_that_could_not_be_stored_is_tried_again(disk: Disk) -> None:
    """An event whose first picture failed gets one with its next change."""
    album = disk.album()
    disk.error = errno.EIO
    told(album, event(), seen=look(0.9))
    disk.error = None
    told(album, event(phase=Phase.UPDATE), seen=look(0.6))
    assert [one.score for one in disk.pictures()] == [0.6]


def test_the_last_room_is_left_to_alerts(disk: Disk) -> None:
    """Nothing is stored, and nothing given up, on a disk with less room than is to stay free."""
    told(disk.album(), event(1), seen=look())
    crowded = disk.album(min_free_bytes=2**60)
    told(crowded, event(2), seen=look())
    assert [one.event for one in disk.pictures()] == ["event-1"]
    assert crowded.failed == 1


def test_a_budget_too_small_for_one_picture_gives_up_none(disk: Disk, caplog: pytest.LogCaptureFixture) -> None:
    """It is said which key is too small; what is there stays."""
    told(disk.album(), event(1), seen=look())
    told(disk.album(max_bytes=50), event(2), seen=look())
    assert [one.event for one in disk.pictures()] == ["event-1"]
    assert "a picture of 100 bytes does not fit: raise [snapshots] max_bytes = 50" in caplog.text


def test_no_budget_keeps_nothing(disk: Disk) -> None:
    """With 0 bytes not even the folder is looked at."""
    told(disk.album(max_bytes=0), event(), seen=look())
    assert not disk.folder.exists()


def test_a_frame_that_cannot_be_encoded_stops_nothing(disk: Disk) -> None:
    """The next event has its picture."""
    album, broken = disk.album(), [True]

    def encode(_: Frame) -> bytes:
        if broken:
            raise ImageError("a frame of 0x0 pixels cannot be encoded as JPEG: check the camera")
        return b"jpeg"

    album._encode = encode
    told(album, event(1), seen=look())
    broken.clear()
    told(album, event(2), seen=look())
    assert ([one.event for one in disk.pictures()], album.failed) == (["event-2"], 1)


def test_a_picture_gets_its_time_once_the_clock_is_set(disk: Disk) -> None:
    """No name ever says 1970; a correction dates the picture of an event that is over and of one that lasts."""
    album = disk.album()
    told(album, event(1, at=UNSET), event(2, at=UNSET), seen=look(0.6, at=UNSET))
    told(album, event(1, phase=Phase.END, at=UNSET))
    assert [one.started for one in disk.pictures()] == ["unset", "unset"]
    later = Moment(monotonic=70.0, utc=datetime(2026, 6, 1, 12, 1, tzinfo=UTC), clock_synced=True)
    facts = {"phase": Phase.UPDATE, "at": later, "started": UNSET, "last_seen": UNSET}
    told(album, event(1, corrects=Phase.END, **facts), event(2, corrects=Phase.START, **facts))
    assert [one.started for one in disk.pictures()] == ["20260601T120000Z"] * 2
    told(album, event(2, phase=Phase.UPDATE, at=later), seen=look(0.95, at=later))
    told(album, event(2, phase=Phase.END, at=later, started=UNSET))
    assert [(one.event, one.score, one.started) for one in disk.pictures()] == [
        ("event-1", 0.6, "20260601T120000Z"),
        ("event-2", 0.95, "20260601T120000Z"),
    ]
