"""Killed at any moment on a full disk: an alert and its detection are both there after it, or the gap is counted."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from insect_edge.adapters.fake_clock import FakeClock
from insect_edge.delivery import Delivery, DeliverySettings
from insect_edge.outbox.footing import RECOVER_SECONDS
from insect_edge.outbox.numbers import NumberFile
from insect_edge.outbox.queue import Kind, Outbox
from insect_edge.outbox.reserve import Reserve
from support.changes import ORIGIN, event
from support.outbox_world import BOUNDLESS, draft, everything, fill_disk, free_disk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from insect_edge.domain import Message

ALERTED = (20, 41)
"""Events that alert; those around them do not."""
LAST = 45


class Silent:
    """A relay that nobody listens to."""

    def set_latest(self, message: Message) -> None:
        """Nowhere."""


class Photographer:
    """Takes an image of the disk whenever something is about to be done to it, or was."""

    def __init__(self, folder: Path, images: Path) -> None:
        self.images: list[Path] = []
        self._folder = folder
        self._images = images

    def shoot(self, *_: object) -> None:
        """What a kill in this moment would leave."""
        image = self._images / str(len(self.images))
        shutil.copytree(self._folder, image)
        self.images.append(image)

    def watch(self, outbox: Outbox, patch: pytest.MonkeyPatch) -> None:
        """Before every statement, and around everything that touches the other files."""
        outbox._store.read(lambda connection: connection.set_trace_callback(self.shoot))
        for owner, name in ((NumberFile, "write"), (Reserve, "release"), (Reserve, "make")):
            patch.setattr(owner, name, self._around(getattr(owner, name)))

    def _around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*values: Any, **options: Any) -> Any:
            self.shoot()
            result = function(*values, **options)
            self.shoot()
            return result

        return watched


def roomy(_: Outbox) -> None:
    """The reserve has room for everything."""


def tight(outbox: Outbox) -> None:
    """It has room for an alert, not for the detections that wait."""
    pages = outbox._store.read(lambda connection: connection.execute("PRAGMA page_count").fetchone()[0])
    outbox._store.read(lambda connection: connection.execute(f"PRAGMA max_page_count = {pages + 5}"))


@pytest.fixture
def opened() -> Iterator[Callable[[Path], Outbox]]:
    """Opens outboxes, and closes them at the end."""
    outboxes: list[Outbox] = []

    def open_one(folder: Path) -> Outbox:
        outboxes.append(Outbox.open(folder, clock=FakeClock(), limits=BOUNDLESS))
        return outboxes[-1]

    yield open_one
    for outbox in outboxes:
        outbox.close()


def named(outbox: Outbox, kind: Kind) -> set[int]:
    """Which events the stored messages of a kind are about."""
    payloads = [json.loads(entry.message.payload) for entry in everything(outbox) if entry.kind is kind]
    return {int(payload["event_id"].removeprefix("event-")) for payload in payloads}


@pytest.mark.parametrize("disk", [roomy, tight, fill_disk])
def test_nothing_told_goes_missing_uncounted(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    opened: Callable[[Path], Outbox],
    disk: Callable[[Outbox], None],
) -> None:
    """What the stored state takes for told is stored, or counted as dropped by the next process; alerts are stored."""
    outbox = opened(tmp_path / "disk")
    delivery = Delivery(
        outbox=outbox,
        relay=Silent(),  # type: ignore[arg-type]
        origin=ORIGIN,
        encode=lambda _: b"",
        settings=DeliverySettings(),
        clock=FakeClock(),
    )
    monkeypatch.setattr("insect_edge.outbox.reserve.free_bytes", lambda _: 0)
    outbox._footing.reserve.missing = True
    disk(outbox)
    camera = Photographer(tmp_path / "disk", tmp_path)
    with monkeypatch.context() as patch:
        camera.watch(outbox, patch)
        for number in range(1, LAST + 1):
            delivery.events([event(number, alert=number in ALERTED)], frame=None, state=str(number).encode())
    camera.shoot()
    assert len(camera.images) > len(ALERTED)
    monkeypatch.undo()
    told: set[int] = set()
    for image in camera.images:
        after = opened(image)
        newest = int(after.state() or b"0")
        missing = set(range(1, newest + 1)) - named(after, Kind.DETECTION)
        assert len(missing) == after.status().losses.dropped
        assert named(after, Kind.ALERT) == {number for number in ALERTED if number <= newest}
        assert after.status().losses.dropped == opened_again(after, image, opened).status().losses.dropped
        told.add(newest)
    assert told == ({0} if disk is fill_disk else {0, *ALERTED})


@pytest.mark.parametrize("given_up", [0, 1])
def test_an_alert_from_memory_is_stored_with_its_state(tmp_path: Path, given_up: int) -> None:
    """Killed once there was room for the alert, and before the detections: no insect alerts twice, no gap is silent."""
    clock = FakeClock()
    with closing(Outbox.open(tmp_path / "disk", clock=clock, limits=BOUNDLESS)) as outbox:
        fill_disk(outbox)
        (alert,) = outbox.put_urgent([draft(Kind.ALERT)], state=b"told", owed=2)
        for _ in range(given_up):
            outbox.gave_up(Kind.DETECTION)
        free_disk(outbox)
        clock.advance(RECOVER_SECONDS)
        assert outbox.recover()
        shutil.copytree(tmp_path / "disk", tmp_path / "killed")
    with closing(Outbox.open(tmp_path / "killed", clock=clock, limits=BOUNDLESS)) as after:
        assert everything(after) == [alert]
        assert after.state() == b"told"
        assert after.status().losses.dropped == 2


def opened_again(outbox: Outbox, folder: Path, opened: Callable[[Path], Outbox]) -> Outbox:
    """The same at the start after that: nothing is counted twice."""
    outbox.close()
    return opened(folder)
