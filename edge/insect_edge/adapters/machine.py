"""Facts of the machine for `insect-edge doctor`: read once, judged elsewhere."""

from __future__ import annotations

import grp
import os
import platform
import pwd
import shutil
import stat
import struct
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from insect_edge.adapters import child
from insect_edge.adapters.clock import SYSTEMD_MARK
from insect_edge.doctor import service
from insect_edge.doctor.camera import DeviceFile, Person
from insect_edge.doctor.machine import Disk, mount_of
from insect_edge.doctor.system import System, os_release

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CREDENTIALS = Path("/run/credentials")
"""Where systemd puts those of running services."""
STORES = (Path("/etc/credstore"), Path("/run/credstore"), Path("/usr/local/lib/credstore"), Path("/usr/lib/credstore"))
"""Where it looks for those that are named without a path; joined to a whole path they do not count."""
_SYSTEMCTL_SECONDS = 10.0
_DEVICES = ("media*", "video*", "dma_heap/*")
_MOST_DEVICES = 200


def system(root: Path = Path("/")) -> System:
    """What this runs on; `root` is where /etc and /proc are looked for."""
    return System(
        release=os_release(_text(root / "etc/os-release")),
        raspberry_pi_os=(root / "etc/rpi-issue").exists(),
        machine=platform.machine(),
        pointer_bits=8 * struct.calcsize("P"),
        python=sys.version_info[:3],
        board=board(root),
    )


def board(root: Path = Path("/")) -> str | None:
    """What the device tree calls this board; None where there is no device tree."""
    return _text(root / "proc/device-tree/model").rstrip("\0\n") or None


def disk(folder: Path, root: Path = Path("/")) -> Disk:
    """Where the state folder lies, or will lie once it is made."""
    there = next((place for place in (folder, *folder.parents) if place.exists()), Path("/")).resolve()
    journal = None
    if SYSTEMD_MARK.exists():
        journal = "persistent" if (root / "var/log/journal").is_dir() else "volatile"
    return Disk(
        folder=str(there),
        free_bytes=shutil.disk_usage(there).free,
        mount=mount_of(str(there), _text(root / "proc/self/mountinfo")),
        journal=journal,
        raspberry_pi=(board(root) or "").startswith("Raspberry Pi"),
    )


def devices(root: Path = Path("/dev")) -> tuple[DeviceFile, ...]:
    """Every device file of a camera, by name."""
    found = []
    paths = sorted(path for pattern in _DEVICES for path in root.glob(pattern))
    for path in paths[:_MOST_DEVICES]:
        try:
            status = path.stat()
        except OSError:  # unplugged just now
            continue
        found.append(
            DeviceFile(
                path=f"/dev/{path.relative_to(root)}",
                mode=stat.S_IMODE(status.st_mode),
                uid=status.st_uid,
                gid=status.st_gid,
                group=_group(status.st_gid),
            )
        )
    return tuple(found)


def person(name: str = "", *, further_groups: str = "") -> Person:
    """A user and the groups he is in; without a name who runs this.

    Args:
        name: of the user; one that this machine does not know is taken for who runs this.
        further_groups: names of groups a service is given beside them, divided by spaces.
    """
    try:
        entry = pwd.getpwnam(name) if name else None
    except KeyError:
        entry = None
    if entry is None:
        uid, groups = os.geteuid(), {os.getegid(), *os.getgroups()}
        return Person(name=_user(uid), uid=uid, groups=frozenset(groups))
    groups = {entry.pw_gid, *os.getgrouplist(entry.pw_name, entry.pw_gid)}
    groups |= {number for word in further_groups.split() if (number := _group_number(word)) is not None}
    return Person(name=entry.pw_name, uid=entry.pw_uid, groups=frozenset(groups))


def unit() -> dict[str, str] | None:
    """What systemd says of the service; None where systemd does not run this machine."""
    answer = _systemctl("show", f"--property={','.join(service.PROPERTIES)}")
    return None if answer is None else service.properties(answer)


def _systemctl(verb: str, *options: str) -> str | None:
    program = shutil.which("systemctl")
    if program is None or not SYSTEMD_MARK.exists():
        return None
    return child.run([program, verb, "--no-pager", *options, service.UNIT], seconds=_SYSTEMCTL_SECONDS).output


@contextmanager
def surroundings_of(shown: Mapping[str, str] | None) -> Iterator[None]:
    """Look where the service looks, at its state directory and its credentials, as far as this user may.

    What the environment says already counts. A service that does not run has no credentials: then they are taken from
    where systemd would take them, under the names it would give them.

    Args:
        shown: what systemd says of the unit; None without systemd.
    """
    with ExitStack() as stack:
        if shown is not None and shown.get("LoadState") == "loaded":
            state = Path("/var/lib") / shown.get("StateDirectory", "").split(" ")[0]
            if shown.get("StateDirectory") and os.access(state, os.R_OK | os.X_OK):
                _lend(stack, "STATE_DIRECTORY", state)
            running = CREDENTIALS / service.UNIT
            if os.access(running, os.R_OK | os.X_OK):
                _lend(stack, "CREDENTIALS_DIRECTORY", running)
            else:
                named = service.credentials(_systemctl("cat") or "")
                _lend(stack, "CREDENTIALS_DIRECTORY", _gathered(stack, named))
        yield


def hides_from_us(shown: Mapping[str, str] | None) -> bool:
    """Whether there is a service whose state and secrets this user may not see."""
    return shown is not None and shown.get("LoadState") == "loaded" and os.geteuid() != 0


def _lend(stack: ExitStack, name: str, folder: Path) -> None:
    if name not in os.environ:
        os.environ[name] = str(folder)
        stack.callback(os.environ.pop, name, None)


def _gathered(stack: ExitStack, named: Mapping[str, str]) -> Path:
    """A folder of links to credentials' files, by the credentials' names, as far as this user may read them."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="insect-edge-")))
    for name, source in named.items():
        # A name without a path is looked for where systemd.exec(5) says.
        found = next((store / source for store in STORES if os.access(store / source, os.R_OK)), None)
        if found is not None and "/" not in name:
            (folder / name).symlink_to(found)
    return folder


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def _group_number(name: str) -> int | None:
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        return int(name) if name.isdecimal() else None
