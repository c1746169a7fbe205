"""The seam between the ways of finding animals in a frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from insect_edge.domain import Frame, Region
    from insect_edge.sightings import Found


class Finder(Protocol):
    """Says where in a frame something may be.

    A finder may remember what the scene looked like before, so it is given every frame that counts, once and in order.
    It opens no file, starts no thread and asks no clock: time is that of the frames.
    """

    def find(self, frame: Frame, *, watched: Sequence[Region] = ()) -> Found:
        """Where to look in this frame.

        Args:
            frame: the newest.
            watched: where animals were last seen, each as it was proposed or returned. A finder that can tell whether
                one is still there although nothing moves gives the very same region back with the origin `rest`.
        """
        ...
