"""A virtual machine with Debian's own kernel: a disk made from a file system, and an agent that runs commands in it."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from typing import TYPE_CHECKING, Self

import pytest

from support import picamera2_root
from support.debian_root import Recipe

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

VIEW = "/etc/insect-edge/view.jpg"
"""What the camera of libcamera sees."""
_VIRTUAL_CAMERA = f"""
"Virtual":
  model: "virtual"
  location: "CameraLocationExternal"
  supported_formats:
    - {{width: 640, height: 360, frame_rates: [5, 30]}}
  frames:
    path: "{VIEW}"
"""
_HEAP_OF_GROUP_VIDEO = 'SUBSYSTEM=="dma_heap", GROUP="video", MODE="0660"\n'
"""As on Raspberry Pi OS."""
TRIXIE = Recipe(
    name="trixie-vm",
    release="trixie",
    packages=(
        *("systemd", "systemd-sysv", "dbus", "udev", "procps", "kmod", "python3", "python3-venv", "ca-certificates"),
        *("linux-image-amd64", "v4l-utils", *picamera2_root.PACKAGES),
    ),
    python_packages=(picamera2_root.PICAMERA2,),
    files={picamera2_root.PYKMS: picamera2_root.NO_WINDOWS},
)
HOST = "10.0.2.2"
"""This machine, as the virtual one sees it."""
BOOT_SECONDS = 900.0
COMMAND_SECONDS = 600.0
"""Without hardware virtualization every instruction is translated."""
_POLL_SECONDS = 1.0
_DISK_BYTES = 6 << 30
_AGENT = """
import json, os, subprocess, time

port = os.open("/dev/virtio-ports/agent", os.O_RDWR)
waiting = b""
while True:
    got = os.read(port, 65536)
    if not got:
        time.sleep(0.2)
    waiting += got
    *lines, waiting = waiting.split(b"\\n")
    for line in lines:
        asked = json.loads(line)
        done = subprocess.run(asked["command"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        answer = {"number": asked["number"], "code": done.returncode, "output": done.stdout + done.stderr}
        os.write(port, json.dumps(answer).encode() + b"\\n")
"""
_AGENT_UNIT = """
[Unit]
Description=Runs what it is told to over the port of the virtual machine
[Service]
ExecStart=/usr/bin/python3 /usr/local/sbin/agent
Restart=always
[Install]
WantedBy=multi-user.target
"""
_NETWORK = """
[Match]
Name=eth0
[Network]
Address=10.0.2.15/24
"""
_SLOW = """
# Translated instructions take their time; nothing else of the unit is touched.
[Service]
TimeoutStartSec=900
WatchdogSec=600
"""


def lacking() -> str | None:
    """Why there can be no virtual machine here; None where there can."""
    missing = [tool for tool in ("qemu-system-x86_64", "mke2fs") if shutil.which(tool) is None]
    return f"needs {', '.join(missing)}: sudo apt install qemu-system-x86 e2fsprogs" if missing else None


def prepare(write: Callable[[str, str], None], run: Callable[..., str]) -> None:
    """Give a running container what the virtual machine made from it needs beside."""
    write("/usr/local/sbin/agent", _AGENT)
    write("/etc/systemd/system/agent.service", _AGENT_UNIT)
    write("/etc/systemd/network/eth0.network", _NETWORK)
    write("/etc/systemd/system/insect-edge.service.d/slow.conf", _SLOW)
    write("/etc/modprobe.d/vivid.conf", "options vivid n_devs=1 node_types=0x1\n")
    write("/usr/share/libcamera/pipeline/virtual/virtual.yaml", _VIRTUAL_CAMERA)
    write("/etc/udev/rules.d/70-dma-heap.rules", _HEAP_OF_GROUP_VIDEO)
    write(f"/{picamera2_root.PYKMS}", picamera2_root.NO_WINDOWS + picamera2_root.VIRTUAL_CAMERA)
    run("systemctl", "enable", "agent.service", "systemd-networkd.service")


def make_disk(root: Path, disk: Path) -> None:
    """A disk image with a file system of what lies in a folder, all of it for everyone: no part kept for root."""
    disk.touch()
    with disk.open("r+b") as image:
        image.truncate(_DISK_BYTES)
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-m", "0", "-d", str(root), str(disk)], check=True)


class VirtualMachine:
    """Boots from a disk image, which keeps what was written there.

    Args:
        disk: with the kernel's file system.
        boot: folder with the kernel and its first file system.
        folder: for its console and its port.
    """

    def __init__(self, disk: Path, *, boot: Path, folder: Path) -> None:
        self._disk = disk
        self._boot_folder = boot
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._port: socket.socket | None = None
        self._answers = b""
        self._asked = 0

    def __enter__(self) -> Self:
        try:
            self.boot()
        except BaseException:
            self.cut_power()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.cut_power()

    def boot(self) -> None:
        """Switch it on, and wait until it does what it is told."""
        (kernel,) = self._boot_folder.glob("vmlinuz-*")
        (initrd,) = self._boot_folder.glob("initrd.img-*")
        port = self._folder / "port"
        port.unlink(missing_ok=True)
        command = ["qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "1536"]
        command += ["-display", "none", "-no-reboot", "-serial", f"file:{self._folder}/console.log"]
        command += ["-kernel", str(kernel), "-initrd", str(initrd)]
        command += ["-append", "root=/dev/vda rw console=ttyS0 net.ifnames=0 mitigations=off quiet"]
        command += ["-drive", f"file={self._disk},format=raw,if=virtio", "-nic", "user,model=virtio-net-pci"]
        command += ["-device", "virtio-serial", "-chardev", f"socket,id=agent,path={port},server=on,wait=off"]
        command += ["-device", "virtserialport,chardev=agent,name=agent"]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + BOOT_SECONDS
        while not port.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        self._port = socket.socket(socket.AF_UNIX)
        self._port.connect(str(port))
        self._answers = b""
        assert self.ask("true", seconds=BOOT_SECONDS)[0] == 0

    def cut_power(self) -> None:
        """Off, in the middle of whatever it does."""
        if self._port is not None:
            self._port.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._process = self._port = None

    def ask(self, *command: str, seconds: float = COMMAND_SECONDS) -> tuple[int, str]:
        """Run a command as root; its exit code and what it said."""
        assert self._port is not None
        self._asked += 1
        self._port.sendall(json.dumps({"number": self._asked, "command": command}).encode() + b"\n")
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self._port.settimeout(left)
            try:
                self._answers += self._port.recv(65536)
            except TimeoutError:
                break
            *lines, self._answers = self._answers.split(b"\n")
            for line in lines:
                answer = json.loads(line)
                if answer["number"] == self._asked:
                    return answer["code"], answer["output"]
        console = (self._folder / "console.log").read_text(encoding="utf-8", errors="replace")
        return pytest.fail(f"{' '.join(command)}: no answer from the virtual machine:\n{console[-4000:]}")

    def run(self, *command: str) -> str:
        """Run a command that has to succeed; what it said."""
        code, output = self.ask(*command)
        assert code == 0, f"{' '.join(command)}: {code}\n{output}"
        return output

    def wait_until(self, what: str, holds: Callable[[], bool], *, seconds: float = 600.0) -> None:
        """Ask again and again; fails when it does not come true."""
        deadline = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > deadline:
                pytest.fail(f"never: {what}\n{self.ask('journalctl', '--no-pager', '--lines', '60')[1]}")
            time.sleep(_POLL_SECONDS)
