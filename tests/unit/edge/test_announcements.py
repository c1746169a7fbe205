"""What Home Assistant was told is taken away when it is true no more."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from insect_edge.control.announcements import FILE, Announcements
from support import daemon_world
from support.daemon_world import CARD, EMPTY, World, world

if TYPE_CHECKING:
    from pathlib import Path

TOPIC = "homeassistant/device/trap/config"
ON = "home_assistant.enabled = true"


def lived(here: World, *, seconds: float = 10.0) -> None:
    """Run the daemon for a while."""
    here.stop_after(seconds)
    here.daemon.run()


def described(here: World, topic: str = TOPIC) -> list[Any]:
    """What was published on the description's topic; None for what takes it away."""
    return [json.loads(payload) if payload else None for payload in here.broker.payloads(topic)]


def test_switched_off_the_description_is_taken_away(tmp_path: Path) -> None:
    """At the first connection after it, once the broker has that for good; later starts have nothing to say."""
    with world(tmp_path, lambda _: EMPTY, config=ON) as here:
        lived(here)
        assert [message is not None for message in described(here)] == [True]
    with world(tmp_path, lambda _: EMPTY) as here:
        here.broker.reachable = False
        lived(here)
    with world(tmp_path, lambda _: EMPTY) as here:
        lived(here)
        assert described(here) == [None]
        assert all(message.retain for message in here.broker.published if message.topic == TOPIC)
    with world(tmp_path, lambda _: EMPTY) as here:
        lived(here)
        assert described(here) == []


def test_what_the_broker_refuses_to_take_away_is_tried_again(tmp_path: Path) -> None:
    """At the next start, whatever the reason was."""
    with world(tmp_path, lambda _: EMPTY, config=ON) as here:
        lived(here)
    for code in (0x87, 0):
        with world(tmp_path, lambda _: EMPTY) as here:
            here.broker.refused_topics = {TOPIC: code} if code else {}
            lived(here)
            assert described(here) == ([] if code else [None])


def test_another_prefix_leaves_nothing_under_the_old_one(tmp_path: Path) -> None:
    """The old description goes, the new one comes."""
    with world(tmp_path, lambda _: EMPTY, config=ON) as here:
        lived(here)
    with world(tmp_path, lambda _: EMPTY, config=f'{ON}\nhome_assistant.prefix = "ha"') as here:
        lived(here)
        assert described(here) == [None]
        assert len(described(here, "ha/device/trap/config")) == 1


def test_pests_of_an_older_model_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are named with their platform alone, start after start; what the new model has is described whole."""
    with world(tmp_path, lambda _: EMPTY, config=ON) as here:
        lived(here)
        (before,) = described(here)
    assert before["cmps"]["present_slug"]["device_class"] == "occupancy"
    labels = tuple(replace(label, name="snail") if label.name == "slug" else label for label in CARD.labels)
    monkeypatch.setattr(daemon_world, "CARD", replace(CARD, labels=labels))
    for _ in range(2):
        with world(tmp_path, lambda _: EMPTY, config=ON) as here:
            lived(here)
            (after,) = described(here)
        assert after["cmps"]["present_slug"] == {"p": "binary_sensor"}
        assert after["cmps"]["count_slug"] == {"p": "sensor"}
        assert after["cmps"]["present_snail"]["device_class"] == "occupancy"
        assert set(before["cmps"]) <= set(after["cmps"])


def test_nothing_is_written_while_nothing_changes(tmp_path: Path) -> None:
    """One small file, written when a description changes."""
    told = Announcements(tmp_path / FILE)
    told.told(TOPIC, {"alert": "event"})
    before = (tmp_path / FILE).stat().st_mtime_ns
    again = Announcements(tmp_path / FILE)
    again.told(TOPIC, {"alert": "event"})
    assert (tmp_path / FILE).stat().st_mtime_ns == before
    assert again.components(TOPIC) == {"alert": "event"}
    again.cleared("elsewhere")
    assert (tmp_path / FILE).stat().st_mtime_ns == before
    again.cleared(TOPIC)
    assert Announcements(tmp_path / FILE).topics == ()


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b'{"topic": 7}', b"[" * 100_000])
def test_an_illegible_file_counts_as_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes) -> None:
    """It is told, and the daemon goes on."""
    (tmp_path / FILE).write_bytes(content)
    assert Announcements(tmp_path / FILE).topics == ()
    assert "not understood" in caplog.text


def test_a_full_disk_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What could not be written is still known while the process lives."""
    told = Announcements(tmp_path / "absent" / FILE)
    for number in range(3):
        told.told(TOPIC, {f"part_{number}": "sensor"})
    assert set(told.components(TOPIC)) == {"part_0", "part_1", "part_2"}
    assert len(caplog.messages) == 1
