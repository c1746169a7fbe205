"""What Home Assistant was told and was not yet told to forget, remembered over restarts in one small file."""

from __future__ import annotations

import json
import logging
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FILE = "home-assistant.json"

_log = logging.getLogger(__name__)


class Announcements:
    """Owned by the one thread that looks; the file is written when a description changes, and never otherwise.

    Args:
        path: of the file; what is not legible counts as nothing.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._topics = _read(path)
        self._failed = False

    @property
    def topics(self) -> tuple[str, ...]:
        """Where something is or may be retained."""
        return tuple(self._topics)

    def components(self, topic: str) -> Mapping[str, str]:
        """Name → platform of each part that was ever described on a topic; empty where nothing was."""
        return self._topics.get(topic, {})

    def told(self, topic: str, components: Mapping[str, str]) -> None:
        """These parts are described there from now on; those before them are remembered, to be taken away."""
        now = {**self.components(topic), **components}
        if topic not in self._topics or now != self._topics[topic]:
            self._topics[topic] = now
            self._store()

    def cleared(self, topic: str) -> None:
        """Nothing is retained there any more."""
        if self._topics.pop(topic, None) is not None:
            self._store()

    def _store(self) -> None:
        """Replace the file in one step; a full disk costs no more than a description that nobody takes away."""
        temporary = self._path.with_suffix(".new")
        try:
            with temporary.open("wb") as file:
                file.write(json.dumps(self._topics).encode())
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self._path)
        except OSError as error:
            if not self._failed:
                why = f"{self._path}: cannot be written ({error.strerror})"
                _log.warning("%s: switched off later, Home Assistant would have to be told by mqtt-clear", why)
            self._failed = True
        else:
            self._failed = False


def _read(path: Path) -> dict[str, dict[str, str]]:
    try:
        content = json.loads(path.read_bytes())
        return {
            str(topic): {str(name): str(platform) for name, platform in components.items()}
            for topic, components in content.items()
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        _log.warning("%s: not understood (%s): what Home Assistant was told before is not known", path, error)
        return {}
