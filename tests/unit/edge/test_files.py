"""The file camera shows pictures in order, skips what it cannot read, and says so once."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from insect_edge.adapters.fake_clock import FakeClock
from insect_edge.adapters.files import FileCamera
from insect_edge.errors import CameraError

if TYPE_CHECKING:
    from pathlib import Path


def picture(path: Path, *, grey: int) -> Path:
    """A small picture of one grey."""
    cv2.imwrite(str(path), np.full((4, 6, 3), grey, np.uint8))
    return path


def shades(camera: FileCamera, *, count: int) -> list[int | None]:
    """The grey of the next frames, None for the end."""
    frames = [camera.capture(timeout=1.0) for _ in range(count)]
    return [None if frame is None else int(frame.pixels[0, 0, 0]) for frame in frames]


def test_a_folder_is_shown_in_the_order_of_names(tmp_path: Path) -> None:
    """Pictures come sorted; other files and sub-folders are left alone."""
    for name, grey in (("b.png", 2), ("a.PNG", 1), ("c.bmp", 3)):
        picture(tmp_path / name, grey=grey)
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / "more").mkdir()
    picture(tmp_path / "more" / "d.png", grey=4)
    camera = FileCamera([tmp_path], clock=FakeClock(), loop=False)
    camera.open()
    assert shades(camera, count=4) == [1, 2, 3, None]


def test_a_list_keeps_its_order(tmp_path: Path) -> None:
    """Named pictures come as they were named, whatever they are called."""
    first = picture(tmp_path / "z.png", grey=9)
    second = picture(tmp_path / "a.png", grey=5).rename(tmp_path / "a.data")
    camera = FileCamera([str(first), second], clock=FakeClock(), loop=False)
    camera.open()
    assert shades(camera, count=3) == [9, 5, None]
    assert camera.name.endswith("z.png and 1 more")


def test_looping_begins_again_and_sees_new_pictures(tmp_path: Path) -> None:
    """After the last picture comes the first; one that was added meanwhile is shown in the next round."""
    picture(tmp_path / "1.png", grey=1)
    picture(tmp_path / "2.png", grey=2)
    camera = FileCamera([tmp_path], clock=FakeClock(), loop=True)
    camera.open()
    assert shades(camera, count=2) == [1, 2]
    picture(tmp_path / "3.png", grey=3)
    assert shades(camera, count=5) == [1, 2, 3, 1, 2]


def test_frames_are_numbered_and_stamped(tmp_path: Path) -> None:
    """Frames count from 0 and carry the clock's time of reading."""
    picture(tmp_path / "1.png", grey=1)
    clock = FakeClock(monotonic=50.0)
    camera = FileCamera([tmp_path], clock=clock, loop=True)
    camera.open()
    clock.advance(7)
    frames = [camera.capture(timeout=1.0) for _ in range(2)]
    assert [frame.sequence for frame in frames if frame] == [0, 1]
    assert frames[0] is not None
    assert frames[0].captured == clock.moment()


def test_opening_again_starts_over(tmp_path: Path) -> None:
    """A camera that was closed half-way shows the first picture next, numbered 0."""
    picture(tmp_path / "1.png", grey=1)
    picture(tmp_path / "2.png", grey=2)
    camera = FileCamera([tmp_path], clock=FakeClock(), loop=False)
    camera.open()
    shades(camera, count=1)
    camera.close()
    camera.open()
    assert shades(camera, count=3) == [1, 2, None]


def test_unreadable_pictures_are_skipped_with_one_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A broken picture is passed over on every round and told of once, by name."""
    picture(tmp_path / "1.png", grey=1)
    (tmp_path / "2.png").write_text("text")
    picture(tmp_path / "3.png", grey=3)
    camera = FileCamera([tmp_path], clock=FakeClock(), loop=True)
    camera.open()
    with caplog.at_level(logging.WARNING):
        assert shades(camera, count=6) == [1, 3, 1, 3, 1, 3]
    assert [record.getMessage() for record in caplog.records] == [
        f"skipped: {tmp_path / '2.png'}: not a picture that can be read: give a whole JPEG, PNG, BMP, WebP or TIFF file"
    ]


def test_nothing_readable_is_an_error_each_time(tmp_path: Path) -> None:
    """A folder of broken pictures fails instead of looping for ever or pretending to end."""
    (tmp_path / "1.jpg").write_bytes(b"")
    camera = FileCamera([tmp_path], clock=FakeClock(), loop=True)
    camera.open()
    for _ in range(2):
        with pytest.raises(CameraError, match="not one of its pictures can be read"):
            camera.capture(timeout=1.0)


def test_what_is_not_there_is_named_on_opening(tmp_path: Path) -> None:
    """A missing path and an empty folder each give one line."""
    with pytest.raises(CameraError, match="absent: no such file or folder"):
        FileCamera([tmp_path / "absent"], clock=FakeClock(), loop=False).open()
    with pytest.raises(CameraError, match="no picture there"):
        FileCamera([tmp_path], clock=FakeClock(), loop=False).open()
    with pytest.raises(CameraError, match="no picture there"):
        FileCamera([], clock=FakeClock(), loop=False).open()
