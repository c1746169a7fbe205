"""A device in a folder: configuration, model, pictures and outbox, whose daemon can be started again and again.

By default it looks at coloured cards with a model that tells colours apart, so that each test knows what is seen.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import cv2

from support import story, tiny_model
from support.programs import running

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from support.mosquitto import Subscriber
    from support.programs import Program

PEST, HELPER = "lily-beetle", "lacewing"
NEVER = 86_400
CYCLE = (*[PEST] * 3, *["background"] * 8, *[HELPER] * 3, *["background"] * 8)
"""Two visits in 22 frames, with gaps longer than `end_after`: about seven messages a second."""

_TABLES: dict[str, dict[str, Any]] = {
    "device": {"id": "trap"},
    "camera": {"source": "files", "rate": 30, "files.path": "pictures", "files.loop": True},
    "model": {"path": "model"},
    # No updates, so that the log has a line for each message.
    "policy": {
        "window": 3,
        "required": 2,
        "end_after": 0.2,
        "cooldown": 0,
        "update_every": NEVER,
        "update_rise": 1,
    },
    "outbox": {"directory": "outbox"},
    "health": {"interval": 1},
}


class Trap:
    """One device.

    Args:
        folder: its own; made where it is absent.
        port: of its broker.
        tables: keys of the configuration that differ, by section; None as a value leaves a key out.
    """

    def __init__(self, folder: Path, *, port: int, **tables: dict[str, Any]) -> None:
        self.folder = folder
        self.tables = {section: dict(keys) for section, keys in _TABLES.items()}
        self.tables["mqtt"] = {"host": "127.0.0.1", "port": port}
        folder.mkdir(parents=True, exist_ok=True)
        tiny_model.write_bundle(folder / "model")
        self.show(*CYCLE)
        self.configure(**tables)

    @property
    def configuration(self) -> Path:
        """The configuration file."""
        return self.folder / "trap.toml"

    def show(self, *names: str) -> None:
        """Put up these cards, in this order, in place of those there were."""
        pictures = self.folder / "pictures"
        pictures.mkdir(exist_ok=True)
        for old in pictures.iterdir():
            old.unlink()
        for number, name in enumerate(names):
            assert cv2.imwrite(str(pictures / f"{number:03}.png"), tiny_model.picture(name))

    def configure(self, **tables: dict[str, Any]) -> None:
        """Write the configuration with these keys changed."""
        for section, keys in tables.items():
            self.tables.setdefault(section, {}).update(keys)
        self.configuration.write_text(toml(self.tables), encoding="utf-8")

    def finish(self, *subscribers: Subscriber, by: Iterable[Program]) -> None:
        """See to it that subscribers, the newest last, have all that these daemons have logged before they ended.

        A daemon that is stopped waits for the broker no longer than a moment, which on a busy machine is too short for
        its last words; they are the next one's then.
        """
        if not story.logged(*by) <= story.told(story.messages(*subscribers)):
            before = {section: dict(keys) for section, keys in self.tables.items()}
            self.show("background")
            self.configure(camera={"files.loop": False})
            with self.running() as last:
                assert last.wait() == 0
            self.show(*CYCLE)
            self.configure(**before)
        story.wait_until_told(*subscribers, by=by)

    @contextmanager
    def running(self, *, environment: Mapping[str, str] | None = None) -> Iterator[Program]:
        """A daemon process that is ended with the block if it has not ended by itself."""
        command = ("run", "--config", str(self.configuration))
        with running(*command, folder=self.folder, environment=dict(environment or {})) as daemon:
            yield daemon


def toml(tables: Mapping[str, Mapping[str, Any]]) -> str:
    """A configuration file with these keys, by section; None as a value leaves a key out."""
    lines: list[str] = []
    for section, keys in tables.items():
        lines += [f"[{section}]", *(f"{key} = {json.dumps(value)}" for key, value in keys.items() if value is not None)]
    return "\n".join(lines) + "\n"
