"""Where on the disk the daemon keeps what must outlive it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from insect_edge.config.sections import Config


def outbox_folder(config: Config) -> Path:
    """Where the outbox lies: as configured, else in systemd's state directory, else in the user's."""
    return config.outbox.directory or state_folder() / "outbox"


def state_folder() -> Path:
    """What the service may write: systemd's state directory, else the user's."""
    # systemd gives a list where the unit names several; the first is ours.
    state = os.environ.get("STATE_DIRECTORY", "").split(":")[0]
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state"
    return Path(state) if state else Path(home) / "insect-edge"


def snapshots_folder(config: Config) -> Path:
    """Where pictures of events lie: as configured, else in the outbox's folder, which can be written to."""
    return config.snapshots.directory or outbox_folder(config) / "snapshots"
