"""What the service manager hears."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

from insect_edge.adapters.systemd_notify import notify_socket, watchdog_seconds
from insect_edge.systemd import Systemd

if TYPE_CHECKING:
    from pathlib import Path


def test_ready_is_told_once_and_status_on_change() -> None:
    """Repeats of what systemd knows already are not sent."""
    told: list[str] = []
    systemd = Systemd(told.append)
    for _ in range(2):
        systemd.ready()
        systemd.status("ready")
        systemd.watchdog()
    systemd.status("degraded: broker_down")
    systemd.stopping()
    assert told == ["READY=1", "STATUS=ready", "WATCHDOG=1", "WATCHDOG=1", "STATUS=degraded: broker_down", "STOPPING=1"]


def test_whoever_waits_for_ready_hears_it_once() -> None:
    """Also where no service manager listens."""
    heard: list[str] = []
    systemd = Systemd(on_ready=lambda: heard.append("ready"))
    systemd.ready()
    systemd.ready()
    systemd.reloaded()
    assert heard == ["ready"]


def test_the_first_frame_may_take_its_time() -> None:
    """The service manager waits as long as the daemon does, and a little longer to hear why."""
    told: list[str] = []
    Systemd(told.append).starting(seconds=60)
    assert told == ["EXTEND_TIMEOUT_USEC=70000000"]


def test_what_takes_long_is_not_cut_short() -> None:
    """While it starts there is more time; from then on it is a sign of life."""
    told: list[str] = []
    systemd = Systemd(told.append)
    systemd.busy()
    systemd.ready()
    systemd.busy()
    assert told == ["EXTEND_TIMEOUT_USEC=130000000", "READY=1", "WATCHDOG=1"]


def test_datagrams_arrive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is sent arrives at the socket that $NOTIFY_SOCKET names."""
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(path))
        monkeypatch.setenv("NOTIFY_SOCKET", str(path))
        send = notify_socket()
        assert send is not None
        send("READY=1")
        assert manager.recv(100) == b"READY=1"


def test_an_abstract_socket_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that starts with @ is Linux' abstract namespace."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("\0insect-edge-test-notify")
        monkeypatch.setenv("NOTIFY_SOCKET", "@insect-edge-test-notify")
        send = notify_socket()
        assert send is not None
        send("STOPPING=1")
        assert manager.recv(100) == b"STOPPING=1"


def test_nothing_is_sent_without_systemd(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without $NOTIFY_SOCKET there is nobody to tell."""
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert notify_socket() is None
    Systemd().ready()


def test_a_service_manager_that_is_gone_does_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket that nobody reads does not stop the daemon."""
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    send = notify_socket()
    assert send is not None
    send("WATCHDOG=1")


@pytest.mark.parametrize(
    ("process", "microseconds", "seconds"),
    [
        (None, "90000000", 90.0),
        ("own", "500000", 0.5),
        ("1", "90000000", None),
        (None, None, None),
        (None, "", None),
        (None, "0", None),
        (None, "soon", None),
    ],
)
def test_the_watchdog_is_the_one_of_this_process(
    monkeypatch: pytest.MonkeyPatch, process: str | None, microseconds: str | None, seconds: float | None
) -> None:
    """Its time counts where it is a time and meant for us; anything else is no watchdog."""
    own = {"WATCHDOG_PID": str(os.getpid()) if process == "own" else process, "WATCHDOG_USEC": microseconds}
    for name, value in own.items():
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)
    assert watchdog_seconds() == seconds
