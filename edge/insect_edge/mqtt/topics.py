"""Topic names and the slugs that make labels fit into them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

DEFAULT_ROOT = "insect-edge"
DEFAULT_PREFIX = "homeassistant"
"""First level of Home Assistant's own topics."""


def slug(text: str) -> str:
    """`text` in `[a-z0-9-]`: accents taken off, everything else a hyphen, none at either end; may be empty."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii").lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def label_slugs(labels: Iterable[str]) -> dict[str, str]:
    """One distinct slug for each label.

    The first label keeps a slug; a later one that would share it, and one whose slug is empty, gets its own position
    (from 0) appended: `bee fly`, `bee-fly` become `bee-fly`, `bee-fly-1`.
    """
    slugs: dict[str, str] = {}
    taken: set[str] = set()
    for index, label in enumerate(labels):
        if label in slugs:
            continue
        base = slug(label) or "label"
        candidate = base if base not in taken and slug(label) else f"{base}-{index}"
        while candidate in taken:
            candidate = f"{candidate}-{index}"
        slugs[label] = candidate
        taken.add(candidate)
    return slugs


@dataclass(frozen=True, slots=True, kw_only=True)
class Topics:
    """The topics of one device.

    Attributes:
        device_id: `[a-z0-9-]`, at most 64 characters.
        root: first level or levels of every topic, without slashes at its ends.
    """

    device_id: str
    root: str = DEFAULT_ROOT

    def _under(self, name: str) -> str:
        return f"{self.root}/{self.device_id}/{name}"

    @property
    def everything(self) -> str:
        """A filter that covers all topics of this device."""
        return self._under("#")

    @property
    def availability(self) -> str:
        """Where `online` and `offline` are retained."""
        return self._under("availability")

    @property
    def health(self) -> str:
        """Where the newest health report is retained."""
        return self._under("health")

    @property
    def detection(self) -> str:
        """Where every change of every event goes."""
        return self._under("detection")

    @property
    def last_detection(self) -> str:
        """Where the newest detection is retained."""
        return self._under("last_detection")

    @property
    def snapshot(self) -> str:
        """Where the picture of the newest detection is retained."""
        return self._under("snapshot")

    @property
    def classification(self) -> str:
        """Where the top categories of every frame go, if that is switched on."""
        return self._under("classification")

    @property
    def counts(self) -> str:
        """Where the day's counts and who is present are retained."""
        return self._under("counts")

    @property
    def doctor(self) -> str:
        """Where `insect-edge doctor` sends a message to itself; never retained."""
        return self._under("doctor")

    def command(self, name: str) -> str:
        """Where a command is asked; `+` for all of them."""
        return self._under(f"command/{name}")

    def command_reply(self, name: str) -> str:
        """Where a command is answered unless the asker names a topic of his own."""
        return self._under(f"command/{name}/reply")

    def event_snapshot(self, event_id: str) -> str:
        """Where the picture of one event is retained, if that is switched on."""
        return self._under(f"snapshot/{event_id}")

    def alert(self, label_slug: str) -> str:
        """Where alerts of one label go."""
        return self._under(f"alert/{label_slug}")
