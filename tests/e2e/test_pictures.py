"""Pictures in a folder, shown once: the daemon looks at each, tells everything, and is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support import story
from support.mosquitto import Subscriber, running
from support.story import TOPIC
from support.trap import HELPER, PEST, Trap

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.e2e


def test_a_folder_of_pictures_is_looked_through_once(tmp_path: Path) -> None:
    """After the last picture what is open is ended and delivered, and the exit code is 0; a broken picture is named."""
    with running(tmp_path / "broker") as broker, Subscriber(broker, f"{TOPIC}/#") as subscriber:
        trap = Trap(tmp_path / "trap", port=broker.port, camera={"files.loop": False}, policy={"end_after": 5})
        trap.show(*[PEST] * 3, *["background"] * 8, *[HELPER] * 3)
        (trap.folder / "pictures" / "zz.png").write_bytes(b"no picture")
        with trap.running() as daemon:
            assert daemon.wait() == 0
        subscriber.wait_until(lambda: story.availability(subscriber) == ["online", "offline"])
        found, health = story.messages(subscriber), story.latest(subscriber, "health")
    story.assert_numbered(found)
    changes = [(message["label"], message["phase"]) for message in found if "detection_seq" in message]
    assert changes[:2] == [(PEST, "start"), (HELPER, "start")]
    assert sorted(changes[2:]) == [(HELPER, "end"), (PEST, "end")]
    assert [message["label"] for message in found if "alert_seq" in message] == [PEST]
    assert (health["frames"], health["outbox"]["depth"]) == (14, 0)
    assert len(daemon.wait_for_line("skipped: ")) == 1
    assert daemon.wait_for_line("the source has ended after 14 frames")
