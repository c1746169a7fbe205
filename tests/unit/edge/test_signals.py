"""Signals become notices, and the second one of a kind that stops is the kernel's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from queue import SimpleQueue

from insect_edge.protocols import Notice, Signalled
from insect_edge.signals import captured_signals


def test_a_signal_arrives_in_the_inbox() -> None:
    """SIGHUP and SIGTERM become notices, in order."""
    inbox: SimpleQueue[Notice] = SimpleQueue()
    with captured_signals(inbox):
        os.kill(os.getpid(), signal.SIGHUP)
        os.kill(os.getpid(), signal.SIGTERM)
        assert inbox.get(timeout=5) == Signalled(number=signal.SIGHUP)
        assert inbox.get(timeout=5) == Signalled(number=signal.SIGTERM)


def test_a_signal_wakes_a_waiting_owner() -> None:
    """A signal that comes while the owner waits for a notice ends the wait."""
    inbox: SimpleQueue[Notice] = SimpleQueue()
    with captured_signals(inbox):
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        before = signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGINT))
        try:
            assert inbox.get(timeout=30) == Signalled(number=signal.SIGINT)
        finally:
            signal.signal(signal.SIGALRM, before)


def test_handlers_are_restored() -> None:
    """After the context the handlers are what they were."""
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)]
    with captured_signals(SimpleQueue()):
        os.kill(os.getpid(), signal.SIGTERM)
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)] == before


def test_a_second_signal_ends_the_process() -> None:
    """A process that does not react to the first SIGTERM dies of the second."""
    program = (
        "import os, signal, queue\n"
        "from insect_edge.signals import captured_signals\n"
        "with captured_signals(queue.SimpleQueue()):\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    print('still here', flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    print('never', flush=True)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.returncode) == ("still here\n", -signal.SIGINT)
