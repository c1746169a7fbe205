"""The worker runs calls on its own thread and gives up on those that never return."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from insect_edge.adapters.worker import HungError, Worker

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE_SECONDS = 30.0


@pytest.fixture
def worker() -> Iterator[Worker]:
    """A worker, stopped at the end."""
    made = Worker(name="test")
    yield made
    made.stop()


def test_calls_run_on_one_other_thread(worker: Worker) -> None:
    """Results come back, and every call runs on the same thread, which is not the caller's."""
    threads = {worker.run(threading.get_ident, timeout=PATIENCE_SECONDS) for _ in range(3)}
    assert len(threads) == 1
    assert threading.get_ident() not in threads
    assert not worker.hung


def test_errors_come_back(worker: Worker) -> None:
    """What a call raises is raised at the caller, and the worker goes on."""
    with pytest.raises(ZeroDivisionError):
        worker.run(lambda: 1 / 0, timeout=PATIENCE_SECONDS)
    assert worker.run(lambda: 7, timeout=PATIENCE_SECONDS) == 7


def test_a_call_that_never_returns_is_given_up(worker: Worker) -> None:
    """After the deadline the caller is free; the worker takes no more calls, not even quick ones."""
    release = threading.Event()
    with pytest.raises(HungError, match=r"no answer within 0\.01 s"):
        worker.run(release.wait, timeout=0.01)
    assert worker.hung
    with pytest.raises(HungError, match="earlier call"):
        worker.run(lambda: 1, timeout=PATIENCE_SECONDS)
    release.set()


def test_a_stopped_worker_ends_its_thread() -> None:
    """After `stop` the thread ends by itself."""
    worker = Worker(name="test")
    thread = worker.run(threading.current_thread, timeout=PATIENCE_SECONDS)
    worker.stop()
    thread.join(PATIENCE_SECONDS)
    assert not thread.is_alive()
    assert thread.daemon
