"""The end of `insect-edge run` where a camera's driver does not let go."""

from __future__ import annotations

import os
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, cast

import pytest

from insect_edge.commands import run
from insect_edge.errors import CameraError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from insect_edge.adapters.status_socket import StatusSocket
    from insect_edge.daemon import Daemon


class Left(Exception):  # noqa: N818 # no error
    """The process ended at once, with this exit code."""


class Fake:
    """A daemon that ends as it is told to."""

    def __init__(self, *, left_behind: bool, error: CameraError | None) -> None:
        self.left_behind = left_behind
        self._error = error

    def run(self) -> None:
        """End."""
        if self._error is not None:
            raise self._error


@pytest.fixture(autouse=True)
def leaving(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process is not really ended, and its logging goes on."""

    def leave(code: int) -> None:
        raise Left(code)

    monkeypatch.setattr(os, "_exit", leave)
    monkeypatch.setattr(run.logging, "shutdown", lambda: None)


def follow(done: list[str], **how: Any) -> None:
    """Run such a daemon."""

    @contextmanager
    def made() -> Iterator[Daemon]:
        try:
            yield cast("Daemon", Fake(**how))
        finally:
            done.append("closed")

    run._follow(made(), cast("StatusSocket", nullcontext()), on_end=lambda: done.append("ended"))


def test_an_ordinary_end_is_left_to_python() -> None:
    """Nothing holds a thread."""
    done: list[str] = []
    follow(done, left_behind=False, error=None)
    assert done == ["closed", "ended"]


def test_a_driver_that_hangs_does_not_make_a_crash_of_a_clean_stop() -> None:
    """Everything is closed, then the process ends with 0 without tearing the thread out of the driver."""
    done: list[str] = []
    with pytest.raises(Left, match=r"^0$"):
        follow(done, left_behind=True, error=None)
    assert done == ["closed", "ended"]


def test_a_driver_that_hangs_keeps_the_exit_code_of_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    """And the line that says why."""
    done: list[str] = []
    with pytest.raises(Left, match=r"^1$"):
        follow(done, left_behind=True, error=CameraError("broken: unplugged"))
    assert done == ["closed"]
    assert capsys.readouterr().err == "insect-edge: broken: unplugged\n"
    with pytest.raises(CameraError):
        follow(done, left_behind=False, error=CameraError("broken: unplugged"))
