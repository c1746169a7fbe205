"""Draw batches ahead of the step that needs them, and count how long it had to wait."""

from __future__ import annotations

import os
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future

_Key = TypeVar("_Key")
_Item = TypeVar("_Item")
AHEAD = 6
"""Items kept ready: enough for a hiccup, at 85 MiB of pixels for a batch of 32 views of 192 pixels."""


class Prefetch(Generic[_Key, _Item]):
    """Items in their order, drawn in threads; what is drawn must depend on the key alone.

    Attributes:
        waited: seconds spent in waiting for items, since this was last set to 0.
    """

    def __init__(self, pool: ThreadPoolExecutor, draw: Callable[[_Key], _Item], keys: Iterable[_Key]) -> None:
        """Begin to draw.

        Args:
            pool: whose threads draw.
            draw: one item for a key.
            keys: of the items, in their order; may be more than are ever asked for.
        """
        self.waited = 0.0
        self._pool = pool
        self._draw = draw
        self._keys = iter(keys)
        self._pending: deque[Future[_Item]] = deque()
        for _ in range(AHEAD):
            self._order()

    def next(self) -> _Item:
        """The next item.

        Raises:
            IndexError: when all have been taken.
        """
        started = time.perf_counter()
        item = self._pending.popleft().result()
        self.waited += time.perf_counter() - started
        self._order()
        return item

    def _order(self) -> None:
        for key in self._keys:
            self._pending.append(self._pool.submit(self._draw, key))
            return


@contextmanager
def prefetching(draw: Callable[[_Key], _Item], keys: Iterable[_Key]) -> Iterator[Prefetch[_Key, _Item]]:
    """Draw ahead inside the block; at its end what nobody asked for is given up."""
    # The steps need the processors more; on two of them a second thread would only take from the step.
    pool = ThreadPoolExecutor(max_workers=max(1, (os.cpu_count() or 1) // 4), thread_name_prefix="views")
    try:
        yield Prefetch(pool, draw, keys)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
