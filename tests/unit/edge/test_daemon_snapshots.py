"""The daemon keeps a picture of each event on its disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from insect_edge.snapshots.picture import named
from support.daemon_world import EMPTY, SLUG, visit, world

if TYPE_CHECKING:
    from pathlib import Path

    from insect_edge.snapshots.picture import Picture


def stored(folder: Path) -> list[Picture | None]:
    """What lies there."""
    return [named(path.name, size=path.stat().st_size) for path in folder.iterdir()] if folder.exists() else []


def test_an_event_leaves_its_picture(tmp_path: Path) -> None:
    """One file, named by the event as it was told, written once the alert was on its way."""
    with world(tmp_path, visit(SLUG, first=10, last=20)) as made:
        made.stop_after(60)
        made.daemon.run()
        event = made.told("detection")[0]
    (picture,) = stored(tmp_path / "outbox" / "snapshots")
    assert picture is not None
    assert (picture.event, picture.label, picture.score) == (event["event_id"], "slug", 0.9)
    assert picture.started == event["started"][:19].replace("-", "").replace(":", "") + "Z"


@pytest.mark.parametrize(("config", "script"), [("snapshots.max_bytes = 0", SLUG), ("", EMPTY)])
def test_nothing_is_kept_of_nothing(tmp_path: Path, config: str, script: str) -> None:
    """Switched off, or without an event, there is not even a folder."""
    with world(tmp_path, lambda _: script, config=config) as made:
        made.stop_after(30)
        made.daemon.run()
    assert not (tmp_path / "outbox" / "snapshots").exists()


def test_an_alert_does_not_wait_for_its_picture(tmp_path: Path) -> None:
    """By the time the picture is written the broker has been given the alert."""
    with world(tmp_path, lambda _: SLUG) as made:
        album, alerts = made.daemon._parts.album, []
        put = album._write

        def write(path: Path, data: bytes) -> None:
            alerts.append(len(made.told("alert/slug")))
            put(path, data)

        album._write = write
        made.stop_after(30)
        made.daemon.run()
    assert alerts == [1]


def test_a_disk_that_fails_costs_only_pictures(tmp_path: Path) -> None:
    """Where the folder cannot be made, events and alerts are told as ever."""
    blocked = tmp_path / "blocked"
    blocked.write_bytes(b"a file, no folder")
    config = f'snapshots.directory = "{blocked}"'
    with world(tmp_path, visit(SLUG, first=10, last=20), config=config) as made:
        made.stop_after(60)
        made.daemon.run()
        assert len(made.told("alert/slug")) == 1
        assert [event["phase"] for event in made.told("detection")] == ["start", "end"]
        assert made.daemon._parts.album.failed
