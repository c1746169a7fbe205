"""The system clock tells both times, and whether the wall clock can be believed, without holding anybody up."""

from __future__ import annotations

import subprocess
import threading
from datetime import UTC, datetime, timedelta
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import pytest

from insect_edge.adapters import clock as clock_module
from insect_edge.adapters.clock import SystemClock, clock_synced
from insect_edge.protocols import Notice, Signalled

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE_SECONDS = 30.0


@pytest.fixture
def marks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A /run of our own, without systemd and without a time server."""
    monkeypatch.setattr(clock_module, "SYSTEMD_MARK", tmp_path / "system")
    monkeypatch.setattr(clock_module, "TIMESYNCD_MARK", tmp_path / "synchronized")
    return tmp_path


def answer_with(monkeypatch: pytest.MonkeyPatch, outcome: bytes | Exception) -> list[Any]:
    """Let busctl print or fail; returns the command lines it was called with."""
    calls: list[Any] = []

    def run(command: Any, **_: object) -> subprocess.CompletedProcess[bytes]:
        calls.append(command)
        if isinstance(outcome, Exception):
            raise outcome
        return subprocess.CompletedProcess(command, 0, stdout=outcome)

    monkeypatch.setattr(subprocess, "run", run)
    return calls


def answered(clock: SystemClock) -> None:
    """Wait until the look that is under way has its answer."""
    assert clock._asking is not None
    clock._asking.join(PATIENCE_SECONDS)
    assert not clock._asking.is_alive()


def test_both_clocks_are_told() -> None:
    """A moment holds an aware UTC time of now, and monotonic seconds that never fall."""
    clock = SystemClock(probe=lambda: True)
    first, second = clock.moment(), clock.moment()
    assert abs(first.utc - datetime.now(tz=UTC)) < timedelta(minutes=1)
    assert first.monotonic <= second.monotonic <= clock.monotonic()
    assert first.clock_synced


def test_the_boot_has_an_identity(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The boot id is what the kernel says, and empty where it says nothing."""
    (tmp_path / "boot_id").write_text("abc-123\n")
    monkeypatch.setattr(clock_module, "BOOT_ID_FILE", tmp_path / "boot_id")
    assert SystemClock().boot_id() == "abc-123"
    monkeypatch.setattr(clock_module, "BOOT_ID_FILE", tmp_path / "absent")
    assert SystemClock().boot_id() == ""


def test_waiting_takes_a_notice_or_nothing() -> None:
    """A notice comes at once, an empty inbox gives None after the time, also after none at all."""
    inbox: SimpleQueue[Notice] = SimpleQueue()
    clock = SystemClock(probe=lambda: True)
    assert clock.wait(inbox, seconds=0) is None
    assert clock.wait(inbox, seconds=0.001) is None
    inbox.put(Signalled(number=15))
    assert clock.wait(inbox, seconds=PATIENCE_SECONDS) == Signalled(number=15)
    inbox.put(Signalled(number=2))
    assert clock.wait(inbox, seconds=0) == Signalled(number=2)


def test_a_notice_of_another_thread_ends_the_wait() -> None:
    """What another thread puts into the inbox is taken without waiting out the time."""
    inbox: SimpleQueue[Notice] = SimpleQueue()
    timer = threading.Timer(0.01, inbox.put, [Signalled(number=1)])
    timer.start()
    assert SystemClock(probe=lambda: True).wait(inbox, seconds=PATIENCE_SECONDS) == Signalled(number=1)
    timer.join()


def test_timesyncd_is_believed(marks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its mark alone says that the clock is set; nobody else is asked."""
    calls = answer_with(monkeypatch, b"b false\n")
    (marks / "synchronized").touch()
    (marks / "system").mkdir()
    assert clock_synced()
    assert calls == []


@pytest.mark.parametrize(
    ("outcome", "synced"),
    [
        (b"b true\n", True),
        (b"b false\n", False),
        (b"", False),
        (FileNotFoundError("busctl"), False),
        (subprocess.TimeoutExpired("busctl", 10), False),
        (subprocess.CalledProcessError(1, "busctl"), False),
    ],
)
def test_systemd_has_to_say_yes(
    marks: Path, monkeypatch: pytest.MonkeyPatch, outcome: bytes | Exception, *, synced: bool
) -> None:
    """On a machine run by systemd only timedate1's yes counts."""
    (marks / "system").mkdir()
    answer_with(monkeypatch, outcome)
    assert clock_synced() is synced


@pytest.mark.usefixtures("marks")
def test_without_systemd_the_clock_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container nobody can say, so the host's clock counts as set."""
    calls = answer_with(monkeypatch, b"b false\n")
    assert clock_synced()
    assert calls == []


@pytest.mark.usefixtures("marks")
def test_an_impossible_time_is_never_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that shows 1970 is not set, whoever runs the machine."""

    class Epoch(datetime):
        """A wall clock that was never set."""

        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            """The beginning of time."""
            return datetime(1970, 1, 1, tzinfo=tz)

    monkeypatch.setattr(clock_module, "datetime", Epoch)
    assert not clock_synced()


def test_a_clock_that_is_set_back_is_not_believed_from_that_moment_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """No message tells a time before the program existed, although the next look is a minute away."""
    clock = SystemClock(probe=lambda: True)
    assert clock.moment().clock_synced

    class Past(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime(1970, 1, 1, 0, 1, tzinfo=tz)

    monkeypatch.setattr(clock_module, "datetime", Past)
    assert not clock.moment().clock_synced
    monkeypatch.undo()
    assert clock.moment().clock_synced


def test_the_answer_is_kept_for_a_while() -> None:
    """Many moments cost one look."""
    looks: list[int] = []

    def probe() -> bool:
        looks.append(1)
        return True

    clock = SystemClock(probe=probe, probe_interval=3600)
    assert all(clock.moment().clock_synced for _ in range(100))
    assert len(looks) == 1


def test_the_answer_is_refreshed() -> None:
    """A clock that gets set later is noticed."""
    answers = iter([False, True])
    clock = SystemClock(probe=lambda: next(answers, True), probe_interval=0)
    assert not clock.moment().clock_synced
    clock.moment()
    answered(clock)
    assert clock.moment().clock_synced


def test_a_look_that_hangs_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """While D-Bus does not answer, the clock counts as not set and nobody asks a second time."""
    monkeypatch.setattr(clock_module, "FIRST_PROBE_SECONDS", 0.01)
    answer, looks = threading.Event(), []

    def probe() -> bool:
        looks.append(1)
        return answer.wait(PATIENCE_SECONDS)

    clock = SystemClock(probe=probe, probe_interval=0)
    assert not any(clock.moment().clock_synced for _ in range(50))
    assert len(looks) == 1
    answer.set()
    answered(clock)
    assert clock.moment().clock_synced
