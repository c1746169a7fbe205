"""Items come in their order, whoever draws them, and waiting is counted."""

from __future__ import annotations

import threading

import pytest

from insect_converter.prefetch import AHEAD, prefetching


def test_items_come_in_order() -> None:
    """Each once, and then no more."""
    with prefetching(lambda key: key * key, range(20)) as ready:
        assert [ready.next() for _ in range(20)] == [key * key for key in range(20)]
        with pytest.raises(IndexError):
            ready.next()


def test_items_are_drawn_ahead_but_not_without_limit() -> None:
    """While one is being used others are drawn, and no more than fit into memory."""
    drawn: list[int] = []
    enough = threading.Event()

    def draw(key: int) -> int:
        drawn.append(key)
        if len(drawn) == AHEAD:
            enough.set()
        return key

    with prefetching(draw, range(1000)) as ready:
        assert enough.wait(30)
        assert len(drawn) == AHEAD
        ready.next()
    assert len(drawn) <= AHEAD + 1


def test_waiting_is_counted() -> None:
    """Time in which nothing was ready counts; what lies ready costs next to nothing."""
    gate = threading.Event()

    def draw(key: int) -> int:
        if key == 0:
            gate.wait(30)
        return key

    with prefetching(draw, range(3)) as ready:
        threading.Timer(0.2, gate.set).start()
        ready.next()
        assert ready.waited >= 0.15


def test_what_goes_wrong_in_drawing_reaches_the_one_who_waits() -> None:
    """An error in the thread is raised where its item was asked for."""

    def draw(key: int) -> int:
        if key == 1:
            raise ValueError("no such picture")
        return key

    with prefetching(draw, range(3)) as ready:
        assert ready.next() == 0
        with pytest.raises(ValueError, match="no such picture"):
            ready.next()
