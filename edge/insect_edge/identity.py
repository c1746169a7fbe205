"""Which device this is: a name that stays the same, and differs between cloned SD cards."""

from __future__ import annotations

import hashlib
import socket
import uuid
from pathlib import Path

from insect_edge.mqtt.topics import slug

MACHINE_ID_FILES = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
LONGEST = 64
"""Characters in a device id."""
_DIGITS = 6


def device_id(*, host_name: str | None = None, machine_id_files: tuple[Path, ...] = MACHINE_ID_FILES) -> str:
    """The host name in `[a-z0-9-]` and six hex digits that tell machines of the same name apart.

    Args:
        host_name: instead of the system's; only its first part counts (`trap` of `trap.example.org`).
        machine_id_files: where the machine's id may be written; the first that holds one counts. Where none does,
            the network hardware's address stands in.
    """
    name = slug((host_name if host_name is not None else socket.gethostname()).split(".")[0]) or "device"
    digits = hashlib.sha256(_machine_id(machine_id_files).encode()).hexdigest()[:_DIGITS]
    return f"{name[: LONGEST - _DIGITS - 1].rstrip('-')}-{digits}"


def _machine_id(files: tuple[Path, ...]) -> str:
    """What tells this machine from its clones; systemd writes `uninitialized` before the first boot is over."""
    for path in files:
        try:
            text = path.read_text(encoding="ascii", errors="replace").strip()
        except OSError:
            continue
        if text and text != "uninitialized":
            return text
    return f"{uuid.getnode():012x}"
